; A guest that throws garbage at everything it can reach: every port, every synthetic MSR, hypercalls of every code and
; VMBus messages of every type. It prints a dot on COM1 for each 65536 rounds, so that a test sees it alive.
; Multiboot 1, 32-bit entry, then long mode. Assemble: nasm -f bin -o garbage garbage.asm
        org     0x100000
        bits    32

MAGIC   equ     0x1BADB002
FLAGS   equ     0x00010000              ; addresses below are valid: a flat binary
HYPER   equ     0x300000                ; hypercall page
INPUT   equ     0x301000                ; hypercall input
SIMP    equ     0x302000
SIEFP   equ     0x303000
TABLES  equ     0x310000                ; page tables, 4 GiB identity by 2 MiB pages
IDT     equ     0x320000
STACK   equ     0x340000

start:  jmp     entry
        align   4
header: dd      MAGIC, FLAGS, -(MAGIC + FLAGS)
        dd      header, 0x100000, 0, 0, entry

entry:  cli
        mov     esp, STACK
        ; page tables
        mov     edi, TABLES
        mov     ecx, 6 * 1024
        xor     eax, eax
        cld
        rep     stosd
        mov     dword [TABLES], TABLES + 0x1000 + 3
        mov     ecx, 4
        mov     edi, TABLES + 0x1000
        mov     eax, TABLES + 0x2000 + 3
.pdpt:  mov     [edi], eax
        add     edi, 8
        add     eax, 0x1000
        loop    .pdpt
        mov     edi, TABLES + 0x2000
        mov     ecx, 2048
        mov     eax, 0x83
.pd:    mov     [edi], eax
        add     edi, 8
        add     eax, 0x200000
        loop    .pd
        mov     eax, cr4
        or      eax, 0x620              ; PAE, OSFXSR, OSXMMEXCPT
        mov     cr4, eax
        mov     eax, TABLES
        mov     cr3, eax
        mov     ecx, 0xC0000080
        rdmsr
        or      eax, 0x100
        wrmsr
        mov     eax, cr0
        or      eax, 0x80000000
        mov     cr0, eax
        lgdt    [gdtr]
        jmp     0x08:wide

        bits    64
wide:   mov     ax, 0x10
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     rsp, STACK
        ; every vector goes to `fault`, which returns behind the instruction at `resume`
        mov     edi, IDT
        xor     ecx, ecx
.idt:   lea     rax, [fault_noerror]
        cmp     ecx, 8
        je      .err
        cmp     ecx, 10
        jb      .put
        cmp     ecx, 14
        jbe     .err
        cmp     ecx, 17
        jne     .put
.err:   lea     rax, [fault_error]
.put:   mov     word [rdi], ax
        mov     word [rdi+2], 0x08
        mov     word [rdi+4], 0x8E00
        shr     rax, 16
        mov     word [rdi+6], ax
        mov     dword [rdi+8], 0
        mov     dword [rdi+12], 0
        add     edi, 16
        inc     ecx
        cmp     ecx, 256
        jne     .idt
        lidt    [idtr]
        ; random state
        rdtsc
        shl     rdx, 32
        or      rax, rdx
        or      rax, 1
        mov     r15, rax
        ; a Hyper-V guest id and a hypercall page, so that the calls reach the host
        mov     ecx, 0x40000000
        mov     eax, 0x01C00000
        mov     edx, 0x81000006
        mov     dword [resume], .a
        wrmsr
.a:     mov     ecx, 0x40000001
        mov     eax, HYPER | 1
        xor     edx, edx
        mov     dword [resume], .b
        wrmsr
.b:     xor     r14d, r14d

next:   inc     r14
        test    r14d, 0xFFFF
        jnz     .quiet
        mov     dx, 0x3F8
        mov     al, '.'
        out     dx, al
.quiet: call    random
        mov     ebx, eax
        and     ebx, 7
        jmp     [actions + rbx*8]

random: mov     rax, r15                ; xorshift64
        shl     rax, 13
        xor     r15, rax
        mov     rax, r15
        shr     rax, 7
        xor     r15, rax
        mov     rax, r15
        shl     rax, 17
        xor     r15, rax
        mov     rax, r15
        shr     rax, 11
        ret

; any port but the sleep register and the reset latches, which would only end the test early
port:   call    random
        mov     edx, eax
        and     edx, 0xFFFF
        shr     eax, 20
        test    al, 1
        jz      .any
        and     edx, 0x7FF              ; half of the accesses where devices are
.any:   mov     ecx, edx
        and     ecx, 0xFFF8
        cmp     ecx, 0x600
        je      port
        cmp     ecx, 0xCF8
        je      port
        cmp     edx, 0x92
        je      port
        cmp     edx, 0x64
        je      port
        cmp     edx, 0x60
        je      port
        ret

write8: call    port
        call    random
        mov     dword [resume], next
        out     dx, al
        jmp     next
write4: call    port
        call    random
        mov     dword [resume], next
        out     dx, eax
        jmp     next
read4:  call    port
        mov     dword [resume], next
        in      eax, dx
        in      al, dx
        in      ax, dx
        jmp     next

msrput:    call    random
        mov     ecx, eax
        and     ecx, 0x1FF
        shr     eax, 16
        test    al, 1
        jz      .far
        and     ecx, 0x9F
.far:   or      ecx, 0x40000000
        cmp     ecx, 0x40000001         ; keep the hypercall page
        je      next
        cmp     ecx, 0x40000000
        je      next
        cmp     ecx, 0x40000003         ; reset
        je      next
        call    random
        mov     rdx, rax
        shr     rdx, 32
        mov     dword [resume], next
        wrmsr
        jmp     next
msrget: call    random
        mov     ecx, eax
        and     ecx, 0x1FF
        or      ecx, 0x40000000
        mov     dword [resume], next
        rdmsr
        jmp     next

; the SynIC as a guest sets it up, so that messages and events have somewhere to go
synic:  mov     dword [resume], next
        mov     ecx, 0x40000083
        mov     eax, SIMP | 1
        xor     edx, edx
        wrmsr
        mov     ecx, 0x40000082
        mov     eax, SIEFP | 1
        wrmsr
        mov     ecx, 0x40000092
        mov     eax, 0xF3
        wrmsr
        mov     ecx, 0x40000080
        mov     eax, 1
        wrmsr
        mov     dword [SIMP + 0x200], 0
        mov     ecx, 0x40000084
        wrmsr
        jmp     next

; HvCallPostMessage with a message that looks like VMBus: a known type, small ids, random rest
vmbus:  mov     edi, INPUT
        mov     ecx, 32
.fill:  call    random
        mov     [rdi], rax
        add     edi, 8
        loop    .fill
        call    random
        and     eax, 7
        mov     [INPUT], eax
        mov     dword [INPUT+4], 0
        mov     dword [INPUT+8], 1
        call    random
        and     eax, 0xFF
        mov     [INPUT+12], eax
        call    random
        and     eax, 31
        mov     [INPUT+16], eax
        call    random
        and     eax, 15
        mov     [INPUT+24], eax
        call    random
        and     eax, 0x1F
        jnz     .post
        mov     dword [INPUT], 4        ; now and then a good INITIATE_CONTACT 5.3 and REQUESTOFFERS
        mov     dword [INPUT+12], 40
        mov     dword [INPUT+16], 14
        mov     dword [INPUT+24], 0x00050003
        mov     dword [INPUT+28], 0
        mov     qword [INPUT+32], 2
        call    post
        mov     dword [INPUT+12], 8
        mov     dword [INPUT+16], 3
.post:  call    post
        jmp     next
post:   mov     ecx, 0x5C
        mov     edx, INPUT
        xor     r8d, r8d
        mov     eax, HYPER
        mov     dword [resume], next
        call    rax
        ret

; any hypercall
hyper:  call    random
        mov     rcx, rax
        call    random
        test    eax, 0x10000
        jz      .code
        and     ecx, 0x100FF            ; known codes, fast or not
.code:  call    random
        mov     rdx, rax
        test    edx, 1
        jz      .wild
        mov     edx, INPUT
.wild:  call    random
        mov     r8, rax
        mov     eax, HYPER
        mov     dword [resume], next
        call    rax
        jmp     next

fault_error:
        add     rsp, 8
fault_noerror:
        ; the stack of the interrupted code is dropped: actions hold nothing on it
        mov     rsp, STACK
        mov     eax, [resume]
        cli
        jmp     rax

        align   8
actions: dq     write8, write4, read4, msrput, msrget, synic, vmbus, hyper
resume: dd      next
        align   8
gdt:    dq      0, 0x00AF9A000000FFFF, 0x00CF92000000FFFF
gdtr:   dw      23
        dd      gdt
        align   8
idtr:   dw      4095
        dq      IDT
