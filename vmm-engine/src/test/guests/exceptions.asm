; Exceptions and interrupts in long mode: every kind with its frame, IST, nesting into a double fault, NMI, software
; interrupts, SYSCALL and SYSRET, the local APIC's timer and messages, strings interrupted half-way; at the end a triple fault.
%include "bare64.inc"

APIC    equ     0xFEE00000

%macro U64 2+                           ; text, user code
        SAY64   %1
        jmp     %%run
%%user: %2
        int     0x2F
%%run:  TRY64   USER64 %%user
        call    frames
%endmacro

%macro X64 2+                           ; text, code; with the frame
        SAY64   %1
        TRY64   %2
        call    frames
%endmacro

main64: mov     rax, cr0
        and     al, ~4
        or      al, 0x22                ; MP, NE
        mov     cr0, rax
        X64     "divide", call divide
        X64     "idiv overflow", call idivide
        X64     "breakpoint", int3
        X64     "int 3", int 3
        X64     "undefined", ud2
        X64     "lock nop", db 0xF0, 0x90
        X64     "too long", db 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x90
        X64     "null selector", call null_selector
        X64     "selector outside", call outside
        X64     "gate outside", int 0x30
        X64     "gate missing", call missing_gate
        X64     "gate not present", call absent_gate
        X64     "gate to data", call data_gate
        X64     "gate to 32-bit code", call code32_gate
        X64     "x87", call x87
        fnclex
        fninit
        X64     "SIMD", call simd
        push    0x1F80
        ldmxcsr [rsp]
        mov     rax, cr0
        bts     rax, 3                  ; TS
        mov     cr0, rax
        X64     "x87 with TS", fld1
        X64     "SSE with TS", movaps xmm0, xmm1
        X64     "wait with TS", wait
        clts
        mov     rax, cr0
        bts     rax, 2                  ; EM
        mov     cr0, rax
        X64     "x87 with EM", fld1
        X64     "SSE with EM", movaps xmm0, xmm1
        mov     rax, cr0
        btr     rax, 2
        mov     cr0, rax
        X64     "movaps misaligned", movaps xmm0, [count + 1]
        X64     "cmpxchg16b misaligned", cmpxchg16b [count + 8]
        U64     "user: hlt", hlt
        U64     "user: ud2", ud2
        U64     "user: divide", call divide
        U64     "user: far return to kernel", call far_kernel
        U64     "user: int 0x20", int 0x20
        SAY64   "interrupt stack table", 10
        mov     byte [idt64 + 6 * 16 + 4], 1
        X64     "undefined", ud2
        mov     byte [idt64 + 6 * 16 + 4], 0
        SAY64   "double fault"
        mov     byte [idt64 + 8 * 16 + 4], 1
        mov     qword [keep], rsp
        TRY64   call stackless
        call    frames
        SAY64   "fault in the delivery of a fault"
        mov     byte [idt64 + 13 * 16 + 5], 0x0E
        TRY64   call null_selector
        call    frames
        SAY64   "of an interrupt"
        mov     byte [idt64 + 0x20 * 16 + 5], 0x0E
        mov     byte [idt64 + 13 * 16 + 5], 0x8E
        TRY64   int 0x20
        call    frames
        mov     byte [idt64 + 0x20 * 16 + 5], 0x8E
        ; SYSCALL
        mov     ecx, 0xC0000081
        xor     eax, eax
        mov     edx, 0x00430040         ; SYSRET from 0x40: SS 0x4B, CS 0x53
        wrmsr
        mov     ecx, 0xC0000082
        mov     eax, system
        xor     edx, edx
        wrmsr
        mov     ecx, 0xC0000084
        mov     eax, 0x47700
        wrmsr
        mov     qword [user_flags], 0x3203
        U64     "user: syscall", call call_kernel
        HEX64   [count], 2
        HEX64   r11, 8
        mov     rax, [seen]
        HEX64   rax, 8
        call    newline64
        mov     qword [user_flags], 2

        ; the local APIC
        mov     ebx, APIC
        mov     dword [rbx + 0xF0], 0x1FF
        mov     eax, timer
        mov     rdi, idt64 + 0x21 * 16
        call    gate64
        mov     eax, message
        mov     rdi, idt64 + 0x22 * 16
        call    gate64
        mov     eax, late
        mov     rdi, idt64 + 0x2E * 16
        call    gate64
        mov     eax, nmi
        mov     rdi, idt64 + 2 * 16
        call    gate64
        SAY64   "version, id "
        mov     eax, [rbx + 0x20]
        HEX64   rax, 8
        mov     eax, [rbx + 0x30]
        and     eax, 0xFF
        HEX64   rax, 2
        call    newline64
        SAY64   "one shot "
        mov     qword [count], 0
        mov     dword [rbx + 0x3E0], 0xB        ; divide by one
        mov     dword [rbx + 0x320], 0x21
        mov     dword [rbx + 0x380], 100000
        sti
        call    await
        HEX64   [count], 2
        mov     eax, [rbx + 0x390]
        HEX64   rax, 8
        mov     eax, [rbx + 0x380]
        HEX64   rax, 8
        mov     ecx, 3000000
.idle:  pause
        dec     ecx
        jnz     .idle
        HEX64   [count], 2
        call    newline64
        SAY64   "masked "
        mov     qword [count], 0
        mov     dword [rbx + 0x320], 0x10021
        mov     dword [rbx + 0x380], 1000
.run:   mov     eax, [rbx + 0x390]
        test    eax, eax
        jnz     .run
        HEX64   [count], 2
        mov     eax, [rbx + 0x320]
        HEX64   rax, 8
        mov     eax, [rbx + 0x210]
        HEX64   rax, 8
        call    newline64
        SAY64   "periodic "
        mov     dword [rbx + 0x320], 0x20021
        mov     dword [rbx + 0x380], 100000
.more:  cmp     qword [count], 3
        jb      .more
        mov     dword [rbx + 0x320], 0x10021
        mov     dword [rbx + 0x380], 0
        mov     eax, [rbx + 0x390]
        HEX64   rax, 8
        call    newline64
        cli
        SAY64   "to itself "
        mov     qword [count], 0
        mov     dword [rbx + 0x300], 0x40022    ; self, fixed
        mov     eax, [rbx + 0x210]
        HEX64   rax, 8
        mov     dword [rbx + 0x80], 0x20        ; TPR: not now
        sti
        nop
        jmp     short $ + 2
        nop
        HEX64   [count], 2
        mov     dword [rbx + 0x80], 0x10
        jmp     short $ + 2
        nop
        HEX64   [count], 2
        mov     eax, [rbx + 0x110]
        HEX64   rax, 8
        mov     eax, [rbx + 0xA0]
        HEX64   rax, 2
        mov     dword [rbx + 0x80], 0
        call    newline64
        SAY64   "priorities "
        cli
        mov     qword [count], 0
        mov     dword [rbx + 0x300], 0x40022
        mov     dword [rbx + 0x300], 0x4002E
        mov     dword [rbx + 0x300], 0x4002E
        sti
        nop
        jmp     short $ + 2
        cli
        HEX64   [count], 16
        call    newline64
        SAY64   "shadow of sti "
        mov     qword [count], 0
        mov     dword [rbx + 0x300], 0x40022
        sti
        mov     rax, [count]
        cli
        HEX64   rax, 2
        HEX64   [count], 2
        call    newline64
        SAY64   "cr8 "
        mov     eax, 5
        mov     cr8, rax
        mov     eax, [rbx + 0x80]
        HEX64   rax, 2
        mov     dword [rbx + 0x80], 0x3F
        mov     rax, cr8
        HEX64   rax, 2
        mov     dword [rbx + 0x80], 0
        call    newline64
        SAY64   "nmi "
        mov     qword [count], 0
        mov     dword [rbx + 0x300], 0x4400     ; NMI to number 0
        jmp     short $ + 2                     ; emulators look between blocks
        nop
        HEX64   [count], 4
        call    newline64
        SAY64   "string and timer "
        mov     qword [count], 0
        mov     dword [rbx + 0x320], 0x21
        mov     esi, 0x1000000
        mov     edi, 0x1000001
        mov     ecx, 0x200000
        mov     byte [rsi], 0x5A
        mov     dword [rbx + 0x380], 200000
        sti
        rep     movsb
        call    await
        cli
        HEX64   rcx, 4
        HEX64   rsi, 8
        HEX64   rdi, 8
        mov     eax, [0x11FFFFC]
        HEX64   rax, 8
        HEX64   [count], 2
        call    newline64
        SAY64   "halt "
        mov     qword [count], 0
        mov     dword [rbx + 0x380], 100000
        sti
        hlt
        cli
        HEX64   [count], 2
        call    newline64
        ; single step through SYSCALL and others
        mov     qword [hook64], stepped
        mov     qword [count], 0
        SAY64   "steps "
        pushfq
        or      dword [rsp], 0x100
        popfq
        nop
        cpuid
        push    rbx
        pop     rbx
        lea     rdi, [seen]
        mov     ecx, 4
        rep     stosb
        pushfq
        and     dword [rsp], ~0x100
        popfq
        nop
        mov     qword [hook64], 0
        HEX64   [count], 4
        call    newline64
        SAY64   "triple fault", 10
        lidt    [none]
        ud2
        jmp     finish64

frames: SAY64   " cs "
        HEX64   [cs64], 2
        SAY64   " ss "
        HEX64   [ss64], 2
        SAY64   " rsp "
        HEX64   [rsp64], 8
        SAY64   " at "
        HEX64   [frame64], 8
        SAY64   " flags "
        mov     rax, [flags64]
        and     eax, 0xFEF72A            ; RF, and what is undefined behind DIV
        HEX64   rax, 8
        mov     rax, ss
        HEX64   rax, 2
        jmp     newline64

await:  cmp     qword [count], 0
        je      await
        ret

timer:  inc     qword [count]
        jmp     done
message:
        shl     qword [count], 8
        add     qword [count], 2
        jmp     done
late:   shl     qword [count], 8
        add     qword [count], 0xE
        jmp     done
done:   push    rbx
        mov     ebx, APIC
        mov     dword [rbx + 0xB0], 0
        pop     rbx
        iretq
nmi:    inc     qword [count]
        cmp     qword [count], 1
        jne     .out
        push    rbx
        mov     ebx, APIC
        mov     dword [rbx + 0x300], 0x4400     ; waits for our IRET
        pop     rbx
        jmp     short $ + 2
        nop
        add     qword [count], 0x100
.out:   iretq

stepped:
        cmp     qword [vector64], 1
        jne     .other
        inc     qword [count]
        add     rsp, 24                 ; return address, vector, code
        iretq
.other: ret

system: inc     qword [count]
        pushfq
        pop     qword [seen]
        o64 sysret

divide: xor     ecx, ecx
        mov     eax, 5
        xor     edx, edx
        div     ecx
        ret
idivide:
        mov     rax, 0x8000000000000000
        cqo
        mov     rcx, -1
        idiv    rcx
        ret
null_selector:
        xor     eax, eax
        push    rax
        push    .back
        o64 retf
.back:  ret
outside:
        mov     eax, 0x1234
        mov     ds, eax
        ret
missing_gate:
        mov     byte [idt64 + 0x20 * 16 + 5], 0x80
        int     0x20
        ret
absent_gate:
        mov     byte [idt64 + 0x20 * 16 + 5], 0x0E
        int     0x20
        ret
data_gate:
        mov     byte [idt64 + 0x20 * 16 + 5], 0x8E
        mov     word [idt64 + 0x20 * 16 + 2], DATA
        int     0x20
        ret
code32_gate:
        mov     word [idt64 + 0x20 * 16 + 2], CODE
        int     0x20
        ret
x87:    mov     word [idt64 + 0x20 * 16 + 2], CODE64
        fninit
        push    0x340
        fldcw   [rsp]
        pop     rax
        fld1
        fldz
        fdivp
        fwait
        ret
simd:   push    0x1D00
        ldmxcsr [rsp]
        pop     rax
        xorps   xmm1, xmm1
        divss   xmm1, xmm1
        ret
far_kernel:
        push    CODE64
        push    main64
        o64 retf
call_kernel:
        syscall
        ret
stackless:
        mov     rsp, 0x0000900000000000
        push    rax
        ret

        align   16
count:  dq      0
seen:   dq      0
keep:   dq      0
none:   dw      0
        dq      0
