/*
 * The exported functions: each jumps through its slot of the jump table. A slot starts as our own function, or as one
 * that fails the way ws2_32.spec says; platform.c fills in the platform's. Knows no function by name: all come from
 * exports.inc, in its order.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#ifdef __x86_64__

        .macro export name, bytes, owner, way, argument
        .text
        .balign 16
        .globl  \name
\name:
        jmp     *slot_\name(%rip)
        .ifc \owner, own
        .set    start_\name, own_\name
        .else
        .seh_proc start_\name
start_\name:
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
        leaq    text_\name(%rip), %rcx
        call    platform_lacks
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
        .endif
        .data
slot_\name:
        .quad   start_\name
        .endm

        .data
        .globl  export_slots
        .balign 8
export_slots:

#else

        .macro export name, bytes, owner, way, argument
        .text
        .balign 16
        .globl  _\name\()@\bytes
_\name\()@\bytes:
        jmp     *slot_\name
        .ifc \owner, own
        .set    start_\name, _own_\name\()@\bytes
        .else
start_\name:
        .ifc \way, errno
        pushl   4*\argument(%esp)
        .else
        pushl   $0
        .endif
        pushl   $text_\name
        call    _platform_lacks@8
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
        .endif
        .data
slot_\name:
        .long   start_\name
        .endm

        .data
        .globl  _export_slots
        .balign 4
_export_slots:

#endif

#define EXPORT(name, bytes, owner, way, argument) export name, bytes, owner, way, argument
#include "exports.inc"
