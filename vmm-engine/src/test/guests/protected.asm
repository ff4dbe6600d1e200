; 16- and 32-bit protected mode and virtual-8086 mode: call gates, returns to outer levels, gates of interrupts, I/O
; permission, sensitive instructions, breakpoints, single step.
%include "bare32.inc"

%macro DESC 4                           ; selector, base, limit (bytes, < 64 KiB), access
        mov     eax, %2
        mov     word [gdt + %1], %3
        mov     [gdt + %1 + 2], ax
        shr     eax, 16
        mov     [gdt + %1 + 4], al
        mov     byte [gdt + %1 + 5], %4
        mov     byte [gdt + %1 + 6], 0x40
        mov     [gdt + %1 + 7], ah
%endmacro

%macro T 2+                             ; text, code
        SAY     %1
        TRY     %2
        call    newline
%endmacro

main:   ; call gates: same level, from user code with parameters, privilege, not present
        mov     word [gdt + 0x68], .through
        mov     word [gdt + 0x6A], CODE
        mov     word [gdt + 0x6C], 0xEC02
        mov     eax, .through
        shr     eax, 16
        mov     [gdt + 0x6E], ax
        SAY     "gate, same level"
        mov     dword [count], 0
        mov     byte [gdt + 0x6C], 0
        TRY     call 0x68:0
        mov     byte [gdt + 0x6C], 2
        HEX     [count], 1
        call    newline
        SAY     "gate from user code"
        TRY     USER gate_user
        HEX     [count], 1
        HEX     [regs], 8
        call    newline
        mov     byte [gdt + 0x6D], 0x8C
        SAY     "gate of level 0 from user code"
        TRY     USER gate_user
        call    newline
        mov     byte [gdt + 0x6D], 0x6C
        SAY     "gate not present"
        TRY     USER gate_user
        call    newline
        mov     byte [gdt + 0x6D], 0xEC
        mov     word [gdt + 0x6A], DATA
        SAY     "gate to data"
        TRY     USER gate_user
        call    newline
        mov     word [gdt + 0x6A], 0
        SAY     "gate to null"
        TRY     USER gate_user
        call    newline
        jmp     users
.through:
        inc     dword [count]
        mov     eax, esp
        cmp     byte [gdt + 0x6C], 0
        je      .same
        sub     eax, STACK0
        retf    8
.same:  retf
users:
%macro U 2+                             ; text, user code
        SAY     %1
        jmp     %%run
%%user: %2
        int     0x40
%%run:  TRY     USER %%user
        call    newline
%endmacro
        U       "user: nothing", nop
        U       "user: cli", cli
        U       "user: sti", sti
        U       "user: hlt", hlt
        U       "user: in", in al, dx
        U       "user: out", out 0x80, al
        U       "user: mov cr0", mov eax, cr0
        U       "user: mov dr7", mov eax, dr7
        U       "user: lgdt", lgdt [gdtr]
        U       "user: lmsw", lmsw ax
        U       "user: smsw", smsw ax
        U       "user: clts", clts
        U       "user: invlpg", invlpg [0]
        U       "user: rdmsr", rdmsr
        U       "user: ltr", ltr ax
        U       "user: sldt", sldt ax
        U       "user: int 0x20", int 0x20
        U       "user: int3", int3
        U       "user: into, clear", into
        U       "user: ud2", ud2
        U       "user: bound", bound eax, [bounds]
        U       "user: kernel data", mov ax, DATA
        U       "user: load kernel data", call kernel_data
        U       "user: jmp kernel code", jmp CODE:main
        U       "user: retf to kernel", call return_kernel
        U       "user: iret with IF", call return_user
        ; gates with privilege 3 for INT3 and INTO
        or      byte [idt + 3 * 8 + 5], 0x60
        or      byte [idt + 4 * 8 + 5], 0x60
        U       "user: int3 through", int3
        HEX     [old_cs], 4
        HEX     [old_ss], 4
        HEX     [old_esp], 8
        call    newline
        U       "user: int 3 through", int 3
        U       "user: into through", call overflow
        mov     dword [uflags], 0x3002
        U       "iopl 3: cli", cli
        U       "iopl 3: in", in al, dx
        U       "iopl 3: popf", call pop_flags
        HEX     [regs], 8
        call    newline
        mov     dword [uflags], 2
        U       "iopl 0: popf", call pop_flags
        HEX     [regs], 8
        call    newline
        ; I/O permission bitmap
        mov     word [gdt + TASK], 104 + 32
        mov     byte [gdt + TASK + 5], 0x89
        mov     byte [tss + 104], 0xF0
        mov     word [tss + 104 + 2], 0x8001
        mov     eax, TASK
        ltr     ax
        U       "bitmap: port 0", in al, 0
        U       "bitmap: port 3, word", in ax, 3
        U       "bitmap: port 4", in al, 4
        U       "bitmap: port 0x1E, word", in ax, 0x1E
        U       "bitmap: behind", call port_behind

        ; single step
        mov     dword [hook], stepped
        mov     dword [count], 0
        SAY     "steps"
        pushfd
        or      dword [esp], 0x100
        popfd
        nop
        mov     eax, 5
        mov     ecx, 3
        push    eax
        pop     eax
        mov     eax, ss
        mov     ss, eax
        nop
        rep     lodsb
        int     0x2F
        pushfd
        and     dword [esp], ~0x100
        popfd
        nop
        mov     dword [hook], 0
        HEX     [count], 4
        mov     eax, dr6
        HEX     eax, 8
        call    newline

        ; breakpoints
        mov     dword [hook], watched
        mov     eax, cr4
        or      eax, 8
        mov     cr4, eax
        mov     eax, .here
        mov     dr0, eax
        mov     eax, word_a
        mov     dr1, eax
        mov     eax, word_b
        mov     dr2, eax
        mov     eax, 0x80
        mov     dr3, eax
        mov     eax, 0xFFFF0FF0
        mov     dr6, eax
        ; 0: execute; 1: write, 4 bytes; 2: read or write, 2 bytes; 3: I/O, 1 byte
        mov     eax, (0 << 16) | (0xD << 20) | (0x7 << 24) | (0x2 << 28) | 0x4FF
        mov     dr7, eax
        mov     eax, dr7
        HEX     eax, 8
        call    newline
.here:  nop
        mov     [word_a], eax
        mov     eax, [word_a]
        mov     [word_a + 3], al
        mov     [word_a + 4], al
        mov     eax, [word_b - 3]
        mov     eax, [word_b - 2]
        mov     al, [word_b + 1]
        mov     al, [word_b + 2]
        inc     byte [word_b]
        out     0x80, al
        in      al, 0x80
        in      al, 0x81
        mov     esi, word_b - 4
        mov     ecx, 3
        rep     lodsd
        xor     eax, eax
        mov     dr7, eax
        mov     dword [hook], 0
        T       "dr4 with DE", mov eax, dr4
        mov     eax, cr4
        and     eax, ~8
        mov     cr4, eax
        T       "dr4 without DE", mov eax, dr4

        jmp     virtual

; ---- virtual-8086 ----
%macro V 2+                             ; text, bytes at 0800:0
        SAY     %1
        mov     dword [0x8000], 0
        mov     dword [0x8004], 0
        jmp     %%run
        bits    16
%%code: %2
        hlt
%%end:
        bits    32
%%run:  mov     esi, %%code
        mov     edi, 0x8000
        mov     ecx, %%end - %%code
        rep     movsb
        call    v86
%endmacro

v86:    mov     dword [0x7100], 0x08000008      ; for POPF and IRET
        mov     word [0x7104], 2
        mov     byte [0x8008], 0xF4
        TRY     call enter_v86
        HEX     [old_cs], 8
        and     dword [old_flags], ~0x10000     ; RF: QEMU does not set it in what a fault pushes
        HEX     [old_flags], 8
        mov     ebx, [frame]
        HEX     [ebx + 20], 8
        HEX     [ebx + 24], 4
        HEX     [ebx + 28], 4
        HEX     [ebx + 32], 4
        HEX     [ebx + 36], 4
        HEX     [ebx + 40], 4
        mov     eax, ds
        HEX     eax, 4
        HEX     [regs], 8
        jmp     newline

enter_v86:
        push    dword 0x4444            ; GS FS DS ES
        push    dword 0x3333
        push    dword 0x2222
        push    dword 0x800
        push    dword 0x700             ; SS
        push    dword 0x100             ; ESP
        push    dword [vflags]
        push    dword 0x800
        push    dword 0
        mov     eax, 0x55
        iretd

virtual:
        mov     dword [vflags], 0x20002
        V       "v86: hlt", nop
        V       "v86: cli", cli
        V       "v86: sti", sti
        V       "v86: pushf", pushf
        V       "v86: popf", popf
        V       "v86: int 0x41", int 0x41
        V       "v86: int3", int3
        V       "v86: iret", iret
        V       "v86: in", in al, 0x99
        V       "v86: out", out 0x21, al
        V       "v86: mov cr0", mov eax, cr0
        V       "v86: lgdt", lgdt [0]
        V       "v86: sldt", sldt ax
        V       "v86: verr", verr ax
        V       "v86: arpl", arpl ax, bx
        V       "v86: lar", lar ax, bx
        V       "v86: smsw", smsw ax
        V       "v86: last byte", mov al, [0xFFFF]
        V       "v86: segments", mov ax, es
        V       "v86: far jump", jmp 0x7FF:0x15
        V       "v86: push", push ax
        V       "v86: ud2", ud2
        V       "v86: div", div bh
        mov     dword [vflags], 0x23002
        V       "v86, iopl 3: cli", cli
        V       "v86, iopl 3: sti and pushf", pushf
        V       "v86, iopl 3: popf", popf
        V       "v86, iopl 3: int 0x41", int 0x41
        V       "v86, iopl 3: int 0x40", int 0x42
        V       "v86, iopl 3: int3", int3
        V       "v86, iopl 3: iret", iret
        jmp     finish

; ---- user code and helpers ----
gate_user:
        push    dword 0x1111
        push    dword 0x2222
        call    0x6B:0
        int     0x40
kernel_data:
        mov     ax, DATA
        mov     es, ax
        ret
return_kernel:
        push    dword CODE
        push    dword main
        retf
return_user:
        push    dword UDATA
        push    dword STACK3
        push    dword 0x202
        push    dword UCODE
        push    dword .there
        iretd
.there: pushfd
        pop     eax
        int     0x40
overflow:
        mov     al, 0x7F
        inc     al
        into
        ret
pop_flags:
        push    dword 0x7FD7 & ~0x100 & ~0x400
        popfd
        pushfd
        pop     eax
        int     0x40
port_behind:
        mov     dx, 0x100
        in      al, dx
        ret

; #DB hooks: go on behind the exception.
stepped:
        cmp     dword [vector], 0x2F
        je      .call
        cmp     dword [vector], 1
        jne     .other
        inc     dword [count]
        jmp     resume_all
.call:  add     dword [count], 0x100
        jmp     resume_all
.other: ret
watched:
        cmp     dword [vector], 1
        jne     stepped.other
        push    eax
        SAY     " hit "
        mov     eax, dr6
        HEX     eax, 8
        test    al, 1
        jz      .data
        mov     eax, [frame]
        or      dword [eax + 16], 0x10000       ; RF, also where the processor forgets it
.data:  mov     eax, 0xFFFF0FF0
        mov     dr6, eax
        mov     eax, dr7
        HEX     eax, 8
        mov     eax, [eip]
        sub     eax, users.here
        HEX     eax, 4
        mov     eax, [regs + 4]
        HEX     eax, 1
        mov     eax, [old_flags]
        and     eax, ~0x10000
        HEX     eax, 8
        call    newline
        pop     eax
resume_all:
        add     esp, 4                  ; our return address
        mov     eax, [regs]
        add     esp, 8                  ; vector and error code
        iretd

        align   4
count:  dd      0
vflags: dd      0
bounds: dd      100, 200
        align   8
word_a: dd      0, 0
word_b: dd      0, 0
