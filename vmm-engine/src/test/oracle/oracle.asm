; The process that executes test instructions on the real processor (org.viridian.engine.oracle.ProcessOracle).
; A whole ELF executable: nasm -f bin -o oracle oracle.asm; its bytes are in OracleImage.java.
; It maps the shared file argv[1], a code page, two data pages and a signal stack, and then allows itself nothing but
; read, write and exit (seccomp). For each batch: 8 bytes on standard input give the number of cases, then every slot
; is loaded, run until a signal, stored; 8 bytes on standard output say so. The signal handler never returns.
BITS 64
SHARED equ 0x40000000
SHARED_SIZE equ 0x400000
SLOT equ 2560
CODE equ 0x10000000
DATA equ 0x20000000
STACK equ 0x50000000
STACK_TOP equ STACK + 0x8000
ALT equ STACK + 0x8000
org 0x400000
ehdr:
 db 0x7F,"ELF",2,1,1,0
 times 8 db 0
 dw 2,0x3e
 dd 1
 dq _start
 dq phdr-ehdr
 dq 0
 dd 0
 dw 64,56,1,64,0,0
phdr:
 dd 1,7
 dq 0,0x400000,0x400000
 dq end-ehdr,end-ehdr+64
 dq 0x1000
_start:
 mov rdi,[rsp+16]
 mov esi,2
 xor edx,edx
 mov eax,2
 syscall
 mov r8d,eax
 xor r9d,r9d
 mov edi,SHARED
 mov esi,SHARED_SIZE
 mov edx,3
 mov r10d,0x11
 mov eax,9
 syscall
 cmp rax,SHARED
 jne fail
 mov r8,-1
 mov edi,CODE
 mov esi,0x2000
 mov edx,7
 mov r10d,0x32
 mov eax,9
 syscall
 mov edi,DATA
 mov esi,0x2000
 mov edx,3
 mov eax,9
 syscall
 mov edi,STACK
 mov esi,0x20000
 mov edx,3
 mov eax,9
 syscall
 cmp rax,STACK
 jne fail
 mov rsp,STACK_TOP
 push 0x18000
 push 0
 mov edi,ALT
 push rdi
 mov rdi,rsp
 xor esi,esi
 mov eax,131
 syscall
 test eax,eax
 jnz fail
 mov ebx,signals
.sig:
 movzx edi,byte [rbx]
 test edi,edi
 jz .done
 mov esi,action
 xor edx,edx
 mov r10d,8
 mov eax,13
 syscall
 test eax,eax
 jnz fail
 inc rbx
 jmp .sig
.done:
 mov edi,22
 mov esi,1
 mov eax,157
 syscall
 test eax,eax
 jnz fail
batch:
 mov esp,STACK_TOP
 xor edi,edi
 mov esi,count
 mov edx,8
 xor eax,eax
 syscall
 cmp rax,8
 jne quit
 mov rax,[count]
 mov [remaining],rax
 mov qword [slot],SHARED
next:
 cmp qword [remaining],0
 je reply
 mov rbx,[slot]
 lea rsi,[rbx+192]
 mov edi,CODE+0x800
 mov ecx,8
 rep movsq
 lea rsi,[rbx+1024]
 mov edi,DATA+0xE00
 mov ecx,128
 rep movsq
 mov edi,DATA+0x1F00
 mov ecx,32
 rep movsq
 fxrstor64 [rbx+256]
 push qword [rbx+136]
 mov rax,[rbx]
 mov rcx,[rbx+8]
 mov rdx,[rbx+16]
 mov rbp,[rbx+40]
 mov rsi,[rbx+48]
 mov rdi,[rbx+56]
 mov r8,[rbx+64]
 mov r9,[rbx+72]
 mov r10,[rbx+80]
 mov r11,[rbx+88]
 mov r12,[rbx+96]
 mov r13,[rbx+104]
 mov r14,[rbx+112]
 mov r15,[rbx+120]
 popfq
 mov rsp,[rbx+32]
 mov rbx,[rbx+24]
 jmp [rel target]
handler:
 cld
 mov rbx,[slot]
 lea rsi,[rdx+40]
 lea rdi,[rbx+64]
 mov ecx,8
 rep movsq
 mov rax,[rdx+144]
 mov [rbx],rax
 mov rax,[rdx+152]
 mov [rbx+8],rax
 mov rax,[rdx+136]
 mov [rbx+16],rax
 mov rax,[rdx+128]
 mov [rbx+24],rax
 mov rax,[rdx+160]
 mov [rbx+32],rax
 mov rax,[rdx+120]
 mov [rbx+40],rax
 mov rax,[rdx+112]
 mov [rbx+48],rax
 mov rax,[rdx+104]
 mov [rbx+56],rax
 mov rax,[rdx+168]
 mov [rbx+128],rax
 mov rax,[rdx+176]
 mov [rbx+136],rax
 mov rax,[rdx+200]
 mov [rbx+144],rax
 mov rax,[rdx+192]
 mov [rbx+152],rax
 mov rax,[rdx+216]
 mov [rbx+160],rax
 mov rsi,[rdx+224]
 lea rdi,[rbx+256]
 mov ecx,64
 rep movsq
 mov esi,DATA+0xE00
 lea rdi,[rbx+1024]
 mov ecx,128
 rep movsq
 mov esi,DATA+0x1F00
 mov ecx,32
 rep movsq
 add qword [slot],SLOT
 dec qword [remaining]
 mov esp,STACK_TOP
 jmp next
reply:
 mov edi,1
 mov esi,count
 mov edx,8
 mov eax,1
 syscall
 jmp batch
fail:
 mov edi,3
 mov eax,60
 syscall
quit:
 xor edi,edi
 mov eax,60
 syscall
align 8
target: dq CODE+0x800
action: dq handler, 0x4C000004, fail, 0
signals: db 4,5,7,8,11,0
align 8
count equ $
remaining equ $+8
slot equ $+16
end:
