; A guest that throws garbage at everything it can reach: every port, PCI configuration, device memory, every MSR,
; hypercalls of every code, VMBus messages of every type, page lists, and rings of channels that it has opened: indices,
; packets that look right and packets that do not. It prints a dot on COM1 for each 8192 rounds, so that a test sees it
; alive. What ends or resets the machine is thrown too, but rarely, so that the rest is reached.
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
RINGS   equ     0x400000                ; eight pages of rings for each of eight channel ids
RARE    equ     0xFFF                   ; how seldom the machine's end is thrown, a mask

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
        test    r14d, 0x1FFF
        jnz     .quiet
        mov     dx, 0x3F8
        mov     al, '.'
        out     dx, al
.quiet: call    random
        mov     ebx, eax
        and     ebx, 15
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

; Zero flag clear, except once in RARE + 1 times. Changes eax only.
rarely: call    random
        test    eax, RARE
        ret

; any port; the sleep register and the reset latches rarely
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
        je      .end
        cmp     ecx, 0xCF8
        je      .end
        cmp     ecx, 0x90
        je      .end
        cmp     ecx, 0x60
        je      .end
        ret
.end:   call    rarely
        jnz     port
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
        jne     .put
        call    rarely
        jnz     next
.put:   call    random
        mov     rdx, rax
        shr     rdx, 32
        mov     dword [resume], next
        wrmsr
        jmp     next

; the processor's own MSRs, both ranges; EFER rarely, or nothing else would run
msrcpu: call    random
        mov     ecx, eax
        and     ecx, 0x1FFF
        test    eax, 0x10000
        jz      .low
        or      ecx, 0xC0000000
.low:   mov     dword [resume], .put
        rdmsr
.put:   cmp     ecx, 0xC0000080
        jne     .any
        call    rarely
        jnz     next
.any:   call    random
        mov     rdx, rax
        shr     rdx, 32
        test    edx, 1
        jz      .wild
        xor     edx, edx                ; half of the values small, which more registers take
        and     eax, 0xFFFF
.wild:  mov     dword [resume], next
        wrmsr
        jmp     next

; PCI configuration: any register of the first bus, read, and written except where the sleep register would move
pci:    call    random
        and     eax, 0xFFFC
        or      eax, 0x80000000
        mov     ebx, eax
        mov     dword [resume], next
        mov     edx, 0xCF8
        out     dx, eax
        mov     edx, 0xCFC
        in      eax, dx
        and     ebx, 0xFF00
        cmp     ebx, 0x3B00             ; device 7, function 3: power management
        je      next
        call    random
        mov     edx, eax
        and     edx, 3
        or      edx, 0xCFC
        shr     rax, 8
        test    al, 1
        jz      .wide
        out     dx, al
        jmp     next
.wide:  mov     edx, 0xCFC
        out     dx, eax
        jmp     next

; device memory: local APIC, I/O APIC, VGA, and holes; delivery modes other than fixed rarely
mmio:   call    random
        mov     ebx, eax
        and     ebx, 0x30000
        shr     ebx, 16
        mov     edi, [windows + rbx*4]
        mov     ecx, eax
        and     ecx, 0xFFF
        add     rdi, rcx
        call    random
        test    eax, RARE
        jz      .wild
        and     eax, ~0x700
.wild:  mov     dword [resume], next
        mov     ebx, [rdi]
        mov     bl, [rdi]
        mov     [rdi], eax
        mov     [rdi], ax
        mov     [rdi], al
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
        and     eax, ~2
        cmp     eax, 12                 ; 14, contact, and 16, unload, end all channels: seldom
        je      .seldom
        cmp     eax, 16
        jne     .kept
.seldom: call   random
        test    eax, 63
        jz      .kept
        mov     dword [INPUT+16], 8
.kept:  call    random
        and     eax, 15
        mov     [INPUT+24], eax
        call    random
        test    eax, 0x1FF
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

; One step with a channel of a random id: its page list, opening, ring contents, signals, closing. Nearly all steps are
; right, so that the next one is reached; one in eight has a random word in it.
ring:   call    random
        mov     r12d, eax
        and     r12d, 7                 ; channel id
        mov     r13d, r12d
        shl     r13d, 15
        add     r13d, RINGS             ; its eight pages: four from the guest, four to it
        shr     eax, 8
        and     eax, 15
        mov     edi, INPUT
        mov     dword [rdi], 4
        mov     dword [rdi+4], 0
        mov     dword [rdi+8], 1
        mov     [rdi+24], r12d
        jmp     [steps + rax*8]

.lend:  xor     eax, eax
        mov     rdi, r13
        mov     ecx, 16
        rep     stosq
        lea     rdi, [r13+0x4000]
        mov     ecx, 16
        rep     stosq
        mov     dword [INPUT+12], 92
        mov     dword [INPUT+16], 8
        mov     [INPUT+28], r12d        ; page list id
        mov     dword [INPUT+32], 0x00010048
        mov     dword [INPUT+36], 0x8000
        mov     dword [INPUT+40], 0
        mov     rax, r13
        shr     rax, 12
        xor     ecx, ecx
.page:  mov     [INPUT+44+rcx*8], rax
        inc     eax
        inc     ecx
        cmp     ecx, 8
        jne     .page
        jmp     .send
.more:  mov     dword [INPUT+12], 200   ; a continuation
        mov     dword [INPUT+16], 9
        mov     [INPUT+28], r12d
        jmp     .send
.open:  mov     dword [INPUT+12], 148
        mov     dword [INPUT+16], 5
        mov     [INPUT+28], r12d
        mov     [INPUT+32], r12d
        mov     dword [INPUT+36], 0
        mov     dword [INPUT+40], 4
        jmp     .send
.close: mov     dword [INPUT+12], 12
        mov     dword [INPUT+16], 7
        jmp     .send
.down:  mov     dword [INPUT+12], 16
        mov     dword [INPUT+16], 11
        mov     [INPUT+28], r12d
        jmp     .send
.move:  mov     dword [INPUT+12], 16
        mov     dword [INPUT+16], 22
        call    random
        and     eax, 3
        mov     [INPUT+28], eax
.send:  call    random
        test    eax, 7
        jnz     .right
        mov     ecx, eax
        shr     ecx, 8
        and     ecx, 0xFC
        shr     rax, 16
        mov     [INPUT+8+rcx], eax
.right: call    post
        jmp     next

; a packet where the host will read next: the usual types, lengths that fit, small words first
.write: mov     ebx, [r13+4]            ; the host's index
        and     ebx, 0x1FF8             ; leaves room to the end
        lea     rdi, [r13+0x1000+rbx]
        mov     ecx, 64
.words: call    random
        mov     [rdi+rcx*8-8], rax
        loop    .words
        call    random
        mov     ecx, eax
        and     ecx, 15
        movzx   edx, byte [types + rcx]
        mov     [rdi], dx
        mov     edx, eax
        shr     edx, 8
        and     edx, 31
        add     edx, 2                  ; payload at, 8-byte units
        mov     [rdi+2], dx
        mov     ecx, eax
        shr     ecx, 16
        and     ecx, 31
        add     ecx, edx                ; length, 8-byte units
        mov     [rdi+4], cx
        shr     eax, 24
        and     eax, 1
        mov     [rdi+6], ax
        and     dword [rdi+16], 15      ; GPA list: reserved, ranges
        and     dword [rdi+20], 3
        and     dword [rdi+24], 0x1FFF  ; bytes, offset, pages
        and     dword [rdi+28], 0xFFF
        and     qword [rdi+32], 0x3FFF
        and     dword [rdi+rdx*8], 15   ; payload: message type
        and     dword [rdi+rdx*8+4], 63 ; its size
        lea     ebx, [ebx+ecx*8+8]
        mov     [r13], ebx
        call    random
        test    eax, 15
        jnz     .ring
        mov     [r13], eax              ; or any index at all
.ring:  mov     ecx, 0x1005D
        mov     edx, r12d
        or      edx, 0x2000
        mov     eax, HYPER
        mov     dword [resume], next
        call    rax
        jmp     next

; the words that the two sides share
.words2: call   random
        mov     ecx, eax
        and     ecx, 0x1C
        mov     rdi, r13
        test    eax, 0x100
        jz      .side
        add     rdi, 0x4000
.side:  shr     eax, 9
        test    eax, 0x200000
        jz      .store
        and     eax, 0x2FF8             ; an index that could be
.store: mov     [rdi+rcx], eax
        jmp     .ring
.reads: mov     eax, [r13+0x4000]       ; has read all that the host wrote
        mov     [r13+0x4004], eax
        jmp     .ring
.noise: mov     rdi, r13
        mov     ecx, 0x1000
.fill:  call    random
        stosq
        loop    .fill
        jmp     .ring

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
        dq      msrcpu, pci, mmio, ring, ring, ring, ring, ring
steps:  dq      ring.lend, ring.lend, ring.open, ring.open, ring.write, ring.write, ring.write, ring.write
        dq      ring.words2, ring.words2, ring.reads, ring.noise, ring.close, ring.down, ring.move, ring.more
windows: dd     0xFEE00000, 0xFEC00000, 0xA0000, 0xF8000000
types:  db      6, 6, 6, 6, 9, 9, 9, 9, 11, 11, 6, 9, 7, 8, 0, 255
resume: dd      next
        align   8
gdt:    dq      0, 0x00AF9A000000FFFF, 0x00CF92000000FFFF
gdtr:   dw      23
        dd      gdt
        align   8
idtr:   dw      4095
        dq      IDT
