/*
 * int touch(const void *ptr): reads the byte at `ptr`, any pointer. Returns 1, or 0 where that raises an exception, of any
 * kind: under emulation it is not always an access violation. It takes 2 ns; asking the page tables takes microseconds, and
 * a lock that starting threads hold.
 *
 * The exception is the program's to see first, by a vectored handler: not to be called with a lock held.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define EXCEPTION_CONTINUE_SEARCH 1     /* as a disposition */

#ifdef __x86_64__

#define CONTEXT_RSP 0x98
#define CONTEXT_RIP 0xf8

        .text
        .globl  touch
        .seh_proc touch
touch:
        .seh_handler touch_handler, @except
        .seh_endprologue
        movzbl  (%rcx), %eax
        movl    $1, %eax
        ret
touch_fails:
        xorl    %eax, %eax
        ret
        .seh_endproc

/* EXCEPTION_DISPOSITION (record, frame, context, dispatch): goes on at touch_fails, but only from touch itself. What is
 * raised by somebody who sees its exception first is for those further out. */
touch_handler:
        cmpq    %rdx, CONTEXT_RSP(%r8)
        jne     touch_passes
        leaq    touch_fails(%rip), %rax
        movq    %rax, CONTEXT_RIP(%r8)
        xorl    %eax, %eax
        ret
touch_passes:
        movl    $EXCEPTION_CONTINUE_SEARCH, %eax
        ret

#else

#define CONTEXT_EIP 0xb8
#define CONTEXT_ESP 0xc4

        .text
        .globl  _touch
_touch:
        movl    4(%esp), %ecx
        pushl   $touch_handler
        pushl   %fs:0
        movl    %esp, %fs:0
        movzbl  (%ecx), %eax
        movl    $1, %eax
touch_returns:
        popl    %fs:0
        addl    $4, %esp
        ret
touch_fails:
        xorl    %eax, %eax
        jmp     touch_returns

/* As above. Also called when somebody who saw the exception first unwinds the stack. */
touch_handler:
        movl    8(%esp), %ecx
        movl    12(%esp), %eax
        cmpl    %ecx, CONTEXT_ESP(%eax)
        jne     touch_passes
        movl    $touch_fails, CONTEXT_EIP(%eax)
        xorl    %eax, %eax
        ret
touch_passes:
        movl    $EXCEPTION_CONTINUE_SEARCH, %eax
        ret

#endif
