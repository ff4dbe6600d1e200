; What a segment register, LDTR, TR, a far transfer and LAR, LSL, VERR, VERW make of every access byte there is.
%include "bare32.inc"

main:   xor     ebx, ebx
.next:  mov     eax, ebx
        mov     ecx, 2
        call    puthex
        call    set
        mov     eax, SCRATCH
        TRY     mov ds, eax
        mov     eax, DATA
        mov     ds, eax
        call    set
        mov     eax, SCRATCH | 3
        TRY     mov es, eax
        mov     eax, DATA
        mov     es, eax
        call    set
        mov     eax, SCRATCH
        TRY     mov ss, eax
        mov     eax, DATA
        mov     ss, eax
        call    set
        mov     eax, SCRATCH | 3
        TRY     mov ss, eax
        mov     eax, DATA
        mov     ss, eax
        mov     ds, eax
        call    set
        mov     eax, SCRATCH
        TRY     lldt ax
        xor     eax, eax
        lldt    ax
        call    set
        mov     eax, SCRATCH
        TRY     ltr ax
        call    access                  ; LTR and loads change the descriptor
        mov     byte [gdt + TASK + 5], 0x89
        mov     eax, TASK
        ltr     ax
        call    set
        mov     ecx, 0x1234
        mov     eax, SCRATCH
        TRY     lar ecx, eax
        call    value
        TRY     lsl ecx, eax
        call    value
        TRY     verr ax
        call    zero
        mov     eax, SCRATCH
        TRY     verw ax
        call    zero
        call    newline
        ; far transfers; tasks have a test of their own
        mov     al, bl
        and     al, 0x1F
        cmp     al, 1
        je      .skip
        cmp     al, 3
        je      .skip
        cmp     al, 5
        je      .skip
        cmp     al, 9
        je      .skip
        cmp     al, 11
        je      .skip
        call    set
        SAY     "   "
        TRY     jmp SCRATCH:.here
.here:  call    home
        call    set
        TRY     call SCRATCH:.called
.called:
        call    home
        call    set
        push    dword SCRATCH
        push    dword .returned
        TRY     retf
.returned:
        call    home
        call    set
        TRY     call .outer_try
.outer: call    home
        call    newline
.skip:  inc     ebx
        cmp     ebx, 256
        jb      .next
        jmp     finish

; Far return to privilege 3: only from a frame in the right order.
.outer_try:
        push    dword UDATA
        push    dword STACK3
        push    dword SCRATCH | 3
        push    dword .user
        retf
.user:  int     0x40

set:    mov     dword [gdt + SCRATCH], 0x0000FFFF
        mov     dword [gdt + SCRATCH + 4], 0x00CF0000
        push    eax
        mov     al, bl
        and     al, 0x1C
        cmp     al, 0x14
        jne     .up
        mov     dword [gdt + SCRATCH], 0                ; expand-down: all but the first page
        mov     dword [gdt + SCRATCH + 4], 0x00C00000
.up:    pop     eax
        mov     [gdt + SCRATCH + 5], bl
        ret

access: push    eax
        SAY     " a"
        HEX     [gdt + SCRATCH + 5], 2
        pop     eax
        ret

value:  SAY     "="
        HEX     ecx, 8
zero:   push    eax
        push    ecx
        mov     eax, [flags_after]
        shr     eax, 6
        and     eax, 1
        mov     ecx, 1
        call    puthex
        pop     ecx
        pop     eax
        ret

; Whatever CS is now: back to ours. The return address on the stack is near.
home:   jmp     CODE:.flat
.flat:  push    eax
        mov     eax, DATA
        mov     ds, eax
        mov     es, eax
        mov     ss, eax
        pop     eax
        ret
