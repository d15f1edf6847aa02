/*
 * The exported functions: each jumps through its slot of the jump table, export_table (but htons and its like). A slot
 * starts as our own function, or as one that fails the way ws2_32.spec says; platform.c fills in the platform's. While the
 * process uses blocking hooks the slots hold checks, which ask blocking_refuses() and then go on to what the slot held.
 * Knows no function by name: all come from exports.inc, in its order.
 *
 * An entry of the table is struct export_entry of platform.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#ifdef __x86_64__

        .macro export name, bytes, owner, way, argument, inside
        .text
        .balign 16
        .globl  \name
\name:
        .ifc \owner, swaps16
        movzwl  %cx, %eax
        rolw    $8, %ax
        ret
        .endif
        .ifc \owner, swaps32
        movl    %ecx, %eax
        bswap   %eax
        ret
        .endif
        jmp     *entry_\name(%rip)

        .ifc \inside, refused
check_\name:
        leaq    entry_\name(%rip), %rax
        jmp     check
        .else
        .set    check_\name, 0
        .endif

        .seh_proc fail_\name
fail_\name:
        subq    $40, %rsp
        .seh_stackalloc 40
        .seh_endprologue
        .ifc \way, errno
        .if \argument == 4
        movq    %r9, %rdx
        .elseif \argument > 4
        movq    40+8*\argument(%rsp), %rdx
        .elseif \argument != 2
        .error "\name: no code for an error in argument \argument"
        .endif
        .else
        xorl    %edx, %edx
        .endif
        .ifc \inside, refused
        movl    $1, %r8d
        .else
        xorl    %r8d, %r8d
        .endif
        leaq    text_\name(%rip), %rcx
        call    export_fails
        .ifc \way, minus
        movq    $-1, %rax
        .endif
        .ifc \way, errno
        movq    $-1, %rax
        .endif
        .ifc \way, zero
        xorl    %eax, %eax
        .endif
        addq    $40, %rsp
        ret
        .seh_endproc

        .section .rdata
text_\name:
        .asciz  "\name"

        .set    own_of_\name, 0
        .set    start_\name, fail_\name
        .ifc \owner, own
        .set    own_of_\name, own_\name
        .set    start_\name, own_\name
        .endif
        .ifc \owner, wraps
        .set    own_of_\name, own_\name
        .endif
        .ifc \owner, hooked
        .set    own_of_\name, own_\name
        .endif
        .data
entry_\name:
        .quad   start_\name, 0, fail_\name, check_\name, own_of_\name
        .endm

        .text
        .balign 16
        .seh_proc check
check:  /* rax: the entry; all else as the caller made it, its arguments put into the space it leaves for that */
        movq    %rcx, 8(%rsp)
        movq    %rdx, 16(%rsp)
        movq    %r8, 24(%rsp)
        movq    %r9, 32(%rsp)
        subq    $56, %rsp
        .seh_stackalloc 56
        .seh_endprologue
        movq    %rax, 40(%rsp)
        movq    56(%rsp), %rcx
        call    blocking_refuses
        movq    40(%rsp), %r10
        addq    $56, %rsp
        movq    8(%rsp), %rcx
        movq    16(%rsp), %rdx
        movq    24(%rsp), %r8
        movq    32(%rsp), %r9
        testl   %eax, %eax
        jnz     1f
        jmp     *8(%r10)
1:      jmp     *16(%r10)
        .seh_endproc

        .data
        .globl  export_table
        .balign 8
export_table:

#else

        .macro export name, bytes, owner, way, argument, inside
        .text
        .balign 16
        .globl  _\name\()@\bytes
_\name\()@\bytes:
        .ifc \owner, swaps16
        movzwl  4(%esp), %eax
        rolw    $8, %ax
        ret     $4
        .endif
        .ifc \owner, swaps32
        movl    4(%esp), %eax
        bswap   %eax
        ret     $4
        .endif
        jmp     *entry_\name

        .ifc \inside, refused
check_\name:
        movl    $entry_\name, %eax
        jmp     check
        .else
        .set    check_\name, 0
        .endif

fail_\name:
        .ifc \inside, refused
        pushl   $1
        .else
        pushl   $0
        .endif
        .ifc \way, errno
        pushl   4+4*\argument(%esp)
        .else
        pushl   $0
        .endif
        pushl   $text_\name
        call    _export_fails@12
        .ifc \way, minus
        movl    $-1, %eax
        .endif
        .ifc \way, errno
        movl    $-1, %eax
        .endif
        .ifc \way, zero
        xorl    %eax, %eax
        .endif
        ret     $\bytes

        .section .rdata
text_\name:
        .asciz  "\name"

        .set    own_of_\name, 0
        .set    start_\name, fail_\name
        .ifc \owner, own
        .set    own_of_\name, _own_\name\()@\bytes
        .set    start_\name, _own_\name\()@\bytes
        .endif
        .ifc \owner, wraps
        .set    own_of_\name, _own_\name\()@\bytes
        .endif
        .ifc \owner, hooked
        .set    own_of_\name, _own_\name\()@\bytes
        .endif
        .data
entry_\name:
        .long   start_\name, 0, fail_\name, check_\name, own_of_\name
        .endm

        .text
        .balign 16
check:  /* eax: the entry; the arguments lie behind the return address, out of the way */
        pushl   %eax
        pushl   4(%esp)
        call    _blocking_refuses@4
        popl    %ecx
        testl   %eax, %eax
        jnz     1f
        jmp     *4(%ecx)
1:      jmp     *8(%ecx)

        .data
        .globl  _export_table
        .balign 4
_export_table:

#endif

#define EXPORT(name, bytes, owner, way, argument, inside) export name, bytes, owner, way, argument, inside
#include "exports.inc"
