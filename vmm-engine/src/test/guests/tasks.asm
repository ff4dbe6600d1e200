; Hardware task switches: JMP, CALL, IRET, task gates with and without an error code, busy and limit checks, T bit, faults in
; the new task, and a task in virtual-8086 mode.
%include "bare32.inc"

TSS2    equ     0x48
GATE    equ     0x50
TINY   equ     0x58                    ; a TSS too small
LDT     equ     0x60
NOTHERE equ     0x68                    ; a code segment not present
TSS3    equ     0x70

%macro DESC 4                           ; selector, base, limit, access
        mov     eax, %2
        mov     word [gdt + %1], %3
        mov     [gdt + %1 + 2], ax
        shr     eax, 16
        mov     [gdt + %1 + 4], al
        mov     byte [gdt + %1 + 5], %4
        mov     byte [gdt + %1 + 6], 0
        mov     [gdt + %1 + 7], ah
%endmacro

%macro SHOW 0
        call    show
%endmacro

main:   SAY     "jump", 10
        call    fresh
        mov     dword [tss2 + 0x20], .jumped
        jmp     TSS2:0
.jumped:
        call    show
        call    back
        mov     esp, STACK
        SAY     "call and iret", 10
        call    fresh
        mov     dword [tss2 + 0x20], .called
        call    TSS2:0
        SAY     "returned"
        call    show
        jmp     .gates
.called:
        call    show
        iretd
.gates: SAY     "call through a gate", 10
        call    fresh
        mov     dword [tss2 + 0x20], .gated
        call    GATE:0
        SAY     "returned"
        call    show
        jmp     .interrupts
.gated: call    show
        iretd
.interrupts:
        SAY     "interrupt through a gate", 10
        call    fresh
        mov     dword [tss2 + 0x20], .interrupted
        mov     dword [idt + 0x50 * 8], TSS2 << 16
        mov     dword [idt + 0x50 * 8 + 4], 0x8500
        int     0x50
        SAY     "returned"
        call    show
        jmp     .codes
.interrupted:
        call    show
        iretd
.codes: SAY     "exception with an error code through a gate", 10
        call    fresh
        mov     dword [tss2 + 0x20], .faulted
        mov     eax, [idt + 13 * 8]
        mov     [kept], eax
        mov     eax, [idt + 13 * 8 + 4]
        mov     [kept + 4], eax
        mov     dword [idt + 13 * 8], TSS2 << 16
        mov     dword [idt + 13 * 8 + 4], 0x8500
        mov     eax, 0x1230
        mov     es, eax
        SAY     "returned"
        call    show
        jmp     .busy
.faulted:
        SAY     "code "
        mov     ebx, esp
        HEX     [ebx], 8
        SAY     " eip "
        HEX     [tss + 0x20], 8
        SAY     " flags "
        HEX     [tss + 0x24], 8
        call    show
        add     dword [tss + 0x20], 2   ; behind the MOV
        add     esp, 4
        iretd
.busy:  mov     eax, [kept]
        mov     [idt + 13 * 8], eax
        mov     eax, [kept + 4]
        mov     [idt + 13 * 8 + 4], eax
        SAY     "busy"
        call    fresh
        mov     byte [gdt + TSS2 + 5], 0x8B
        TRY     jmp TSS2:0
        TRY     call TSS2:0
        TRY     jmp GATE:0
        TRY     int 0x50
        call    newline
        SAY     "not present"
        call    fresh
        mov     byte [gdt + TSS2 + 5], 0x09
        TRY     jmp TSS2:0
        TRY     call GATE:0
        TRY     int 0x50
        call    newline
        SAY     "small"
        TRY     jmp TINY:0
        TRY     call TINY:0
        call    newline
        SAY     "privilege"
        call    fresh
        TRY     jmp TSS2 | 3:0
        TRY     jmp GATE | 3:0
        mov     byte [gdt + GATE + 5], 0x05
        TRY     jmp GATE:0
        mov     byte [gdt + GATE + 5], 0x85
        call    newline
        SAY     "return without a task"
        mov     word [tss], 0
        pushfd
        or      dword [esp], 0x4000
        popfd
        TRY     iretd
        pushfd
        or      dword [esp], 0x4000
        popfd
        mov     word [tss], TSS2        ; not busy
        TRY     iretd
        call    newline
        ; faults in the new task: the handler runs there
        SAY     "code not present"
        call    fresh
        mov     dword [tss2 + 0x4C], NOTHERE
        call    into
        SAY     "code null"
        call    fresh
        mov     dword [tss2 + 0x4C], 0
        call    into
        SAY     "code is data"
        call    fresh
        mov     dword [tss2 + 0x4C], DATA
        call    into
        SAY     "stack null"
        call    fresh
        mov     dword [tss2 + 0x50], 0
        call    into
        SAY     "stack of user"
        call    fresh
        mov     dword [tss2 + 0x50], UDATA
        call    into
        SAY     "data outside"
        call    fresh
        mov     dword [tss2 + 0x54], 0x1230
        call    into
        SAY     "data is code only"
        call    fresh
        mov     dword [tss2 + 0x58], NOTHERE
        call    into
        SAY     "local table"
        call    fresh
        mov     dword [tss2 + 0x60], DATA
        call    into
        SAY     "trap bit"
        call    fresh
        mov     word [tss2 + 0x64], 1
        mov     dword [tss2 + 0x20], .untrapped
        call    into
        mov     eax, dr6
        SAY     "dr6 "
        HEX     eax, 8
        call    newline
        SAY     "user task"
        call    fresh
        mov     dword [tss2 + 0x20], .user
        mov     dword [tss2 + 0x4C], UCODE
        mov     dword [tss2 + 0x50], UDATA
        mov     dword [tss2 + 0x48], UDATA
        mov     dword [tss2 + 0x54], UDATA
        mov     dword [tss2 + 0x38], STACK3
        mov     dword [tss2 + 4], STACK0
        mov     dword [tss2 + 8], DATA
        call    into
        SAY     "16-bit task"
        call    fresh
        mov     word [tss3 + 0x0E], .small - start
        mov     word [tss3 + 0x10], 2
        mov     word [tss3 + 0x1A], 0x8000      ; SP
        mov     word [tss3 + 0x24], 0xB0        ; CS with base start
        mov     word [tss3 + 0x26], DATA16
        mov     word [tss3 + 0x22], DATA
        mov     word [tss3 + 0x28], DATA
        DESC    0xB0, start, 0xFFFF, 0x9B
        DESC    TSS3, tss3, 0x2B, 0x81
        mov     eax, 0x12345678
        mov     ebx, eax
        jmp     TSS3:0
        bits    16
.small: mov     ecx, eax
        jmp     dword CODE:.wide
        bits    32
.wide:  mov     edx, DATA
        mov     ds, edx
        mov     ss, edx
        mov     esp, STACK
        HEX     ecx, 4                  ; upper halves are undefined
        xor     esi, esi
        call    show
        call    back
        SAY     "virtual-8086 task"
        call    fresh
        mov     byte [0x8000], 0xCD             ; INT 0x40 through a gate of privilege 0: #GP
        mov     byte [0x8001], 0x41
        mov     dword [tss2 + 0x20], 0
        mov     dword [tss2 + 0x24], 0x20002
        mov     dword [tss2 + 0x4C], 0x800
        mov     dword [tss2 + 0x50], 0x700
        mov     dword [tss2 + 0x38], 0x100
        mov     dword [tss2 + 0x48], 0x1111
        mov     dword [tss2 + 0x54], 0x2222
        mov     dword [tss2 + 4], STACK0
        mov     dword [tss2 + 8], DATA
        call    into
        jmp     finish
.untrapped:
        mov     esp, [saved_esp]
        jmp     [resume]
.user:  mov     eax, cr0
        int     0x40

; Switches to TSS2 by CALL and reports the exception; afterwards we are in the first task again. Exceptions 10-13 have tasks
; of their own, for the stack of a task half loaded is no place for a frame.
into:   mov     dword [resume], .after
        mov     [saved_esp], esp
        mov     byte [caught], 0
        mov     esi, idt + 10 * 8
        mov     edi, kept
        mov     ecx, 8
        rep     movsd
        xor     ebx, ebx
.gate:  lea     eax, [0x88 + ebx * 8]
        shl     eax, 16
        mov     [idt + 10 * 8 + ebx * 8], eax
        mov     dword [idt + 10 * 8 + ebx * 8 + 4], 0x8500
        imul    edi, ebx, 128
        add     edi, handlers
        mov     dword [edi + 0x1C], 0
        mov     eax, [.entries + ebx * 4]
        mov     [edi + 0x20], eax
        mov     dword [edi + 0x24], 2
        mov     dword [edi + 0x38], 0x1C0000
        mov     dword [edi + 0x48], DATA
        mov     dword [edi + 0x4C], CODE
        mov     dword [edi + 0x50], DATA
        mov     dword [edi + 0x54], DATA
        mov     dword [edi + 0x58], 0
        mov     eax, edi
        mov     word [gdt + 0x88 + ebx * 8], 0x67
        mov     [gdt + 0x88 + ebx * 8 + 2], ax
        shr     eax, 16
        mov     [gdt + 0x88 + ebx * 8 + 4], al
        mov     byte [gdt + 0x88 + ebx * 8 + 5], 0x89
        mov     [gdt + 0x88 + ebx * 8 + 7], ah
        inc     ebx
        cmp     ebx, 4
        jb      .gate
        call    TSS2:0
.after: mov     esi, kept
        mov     edi, idt + 10 * 8
        mov     ecx, 8
        rep     movsd
        call    report
        call    show
        jmp     back
.entries:
        dd      .ts, .np, .ss, .gp
.ts:    mov     dword [vector], 10
        jmp     .task
.np:    mov     dword [vector], 11
        jmp     .task
.ss:    mov     dword [vector], 12
        jmp     .task
.gp:    mov     dword [vector], 13
.task:  mov     eax, [esp]
        mov     [error], eax
        mov     eax, [tss2 + 0x20]
        mov     [eip], eax
        mov     byte [caught], 1
        SAY     " (by task, eflags "
        HEX     [tss2 + 0x24], 8
        SAY     " cs "
        HEX     [tss2 + 0x4C], 4
        SAY     ")"
        mov     esp, [saved_esp]
        jmp     .after
back:   ; by force: the task register to the first task
        mov     byte [gdt + TASK + 5], 0x89
        push    eax
        mov     eax, TASK
        ltr     ax
        mov     eax, DATA
        mov     ds, eax
        mov     es, eax
        xor     eax, eax
        lldt    ax
        clts
        pop     eax
        ret

; A second task that starts with our flat segments, interrupts off.
fresh:  pushad
        mov     edi, tss2
        mov     ecx, 52
        xor     eax, eax
        rep     stosd
        mov     dword [tss2 + 0x20], finish
        mov     dword [tss2 + 0x24], 2
        mov     dword [tss2 + 0x28], 0xAAAA0000
        mov     dword [tss2 + 0x2C], 0xAAAA0001
        mov     dword [tss2 + 0x30], 0xAAAA0002
        mov     dword [tss2 + 0x34], 0xAAAA0003
        mov     dword [tss2 + 0x38], 0x1D0000
        mov     dword [tss2 + 0x3C], 0xAAAA0005
        mov     dword [tss2 + 0x40], 0xAAAA0006
        mov     dword [tss2 + 0x44], 0xAAAA0007
        mov     dword [tss2 + 0x48], DATA
        mov     dword [tss2 + 0x4C], CODE
        mov     dword [tss2 + 0x50], DATA
        mov     dword [tss2 + 0x54], DATA
        mov     word [tss2 + 102], 104
        DESC    TSS2, tss2, 0x67, 0x89
        DESC    TINY, tss2, 0x66, 0x89
        mov     dword [gdt + GATE], TSS2 << 16
        mov     dword [gdt + GATE + 4], 0x8500
        mov     dword [gdt + NOTHERE], 0x0000FFFF
        mov     dword [gdt + NOTHERE + 4], 0x00CF1B00
        popad
        ret

; Registers of the task and what the switch has left in descriptors and TSS.
show:   pushfd
        pushad
        mov     ebp, esp
        SAY     " tr "
        str     eax
        HEX     eax, 4
        SAY     " busy "
        HEX     [gdt + TASK + 5], 2
        HEX     [gdt + TSS2 + 5], 2
        SAY     " link "
        HEX     [tss2], 4
        HEX     [tss], 4
        SAY     " flags "
        HEX     [ebp + 32], 8
        SAY     " saved "
        HEX     [tss2 + 0x24], 8
        HEX     [tss + 0x24], 8
        SAY     " ts "
        mov     eax, cr0
        HEX     eax, 1
        SAY     " esi "
        HEX     [ebp + 4], 8
        call    newline
        clts
        popad
        popfd
        ret

kept:   times 8 dd 0
        align   16
tss2:   times 256 db 0
tss3:   times 256 db 0
handlers: times 512 db 0
