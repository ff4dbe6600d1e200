; A Linux program for guests: kexec KERNEL INITRD COMMAND-LINE. Loads the kernel with kexec_file_load(2) and enters it,
; after the drivers' shutdown, as kexec -e does. Ends with the error number when the kernel refuses.
; Assemble: nasm -f bin -o kexec kexec.asm
        bits    64
BASE    equ     0x400000
        org     BASE

        db      0x7F, "ELF", 2, 1, 1, 0
        times   8 db 0
        dw      2, 62                   ; executable, x86-64
        dd      1
        dq      start, header - BASE, 0
        dd      0
        dw      64, 56, 1, 0, 0, 0
header: dd      1, 5                    ; load, read and execute
        dq      0, BASE, BASE, end - BASE, end - BASE, 0x1000

start:  mov     rdi, [rsp+16]
        call    open
        mov     r12, rax
        mov     rdi, [rsp+24]
        call    open
        mov     r13, rax
        mov     r10, [rsp+32]
        xor     edx, edx
.length: inc    edx
        cmp     byte [r10+rdx-1], 0
        jne     .length
        mov     eax, 320                ; kexec_file_load(kernel, initrd, length, command line, flags)
        mov     rdi, r12
        mov     rsi, r13
        xor     r8d, r8d
        syscall
        test    rax, rax
        js      failed
        mov     eax, 162                ; sync
        syscall
        mov     eax, 169                ; reboot(LINUX_REBOOT_CMD_KEXEC)
        mov     edi, 0xFEE1DEAD
        mov     esi, 0x28121969
        mov     edx, 0x45584543
        syscall
failed: neg     rax
        mov     edi, eax
        mov     eax, 60
        syscall

open:   mov     eax, 2
        xor     esi, esi
        syscall
        test    rax, rax
        js      failed
        ret
end:
