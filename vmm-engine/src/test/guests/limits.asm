; What QEMU's TCG does not do: segment limits and types in 32-bit code and strings that run into them, alignment checks,
; general detect, INT1. What must come out is in limits.expected, by the Intel SDM (vol. 3A, sections 5.3-5.5; vol. 1, section 7.3.9.3; vol. 3B, section 18.2.4).
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

%macro U 2+                             ; text, user code
        SAY     %1
        jmp     %%run
%%user: %2
        int     0x40
%%run:  TRY     USER %%user
        call    newline
%endmacro

main:   DESC    0x40, 0x8000, 0x0FFF, 0x93      ; data, 4 KiB
        DESC    0x48, 0x8000, 0x0FFF, 0x97      ; expand-down
        DESC    0x50, 0x8000, 0x0FFF, 0x91      ; read-only
        DESC    0x58, 0x8000, 0x0FFF, 0x99      ; execute-only
        DESC    0x60, limited, limited_end - limited - 1, 0x9B
        mov     eax, 0x40
        mov     fs, eax
        mov     eax, 0x48
        mov     gs, eax
        T       "last byte", mov al, [fs:0xFFF]
        T       "byte behind", mov al, [fs:0x1000]
        T       "word across", mov ax, [fs:0xFFF]
        T       "dword across", mov eax, [fs:0xFFD]
        T       "dword inside", mov eax, [fs:0xFFC]
        T       "wrapped", mov eax, [fs:0xFFFFFFFE]
        T       "write behind", mov [fs:0x1000], al
        T       "down: inside the hole", mov al, [gs:0xFFF]
        T       "down: above", mov al, [gs:0x1000]
        T       "down: across the hole", mov eax, [gs:0xFFE]
        T       "down: top", mov eax, [gs:0xFFFFFFFC]
        mov     eax, 0x50
        mov     fs, eax
        T       "read-only: read", mov eax, [fs:0]
        T       "read-only: write", mov [fs:0], eax
        T       "read-only: add", add dword [fs:0], 1
        xor     eax, eax
        mov     fs, eax
        T       "null: read", mov eax, [fs:0]
        T       "null: write", mov [fs:0], eax
        T       "code: write", mov [cs:main], eax
        T       "limited code", call 0x60:0
        T       "limited code, jump out", call 0x60:limited.out - limited
        T       "limited code, jump far out", call 0x60:limited.far - limited
        T       "limited code, run out", call 0x60:limited.last - limited
        ; a stack segment of 4 KiB
        mov     ebx, esp
        mov     eax, 0x40
        mov     ss, eax
        mov     esp, 0x1000
        push    eax
        pop     eax
        mov     ebp, 0xFFE
        mov     ecx, DATA
        mov     eax, [ss:0xFF0]
        mov     ss, ecx
        mov     esp, ebx
        SAY     "small stack went", 10

        ; string instructions that fault half-way: registers tell how far they came
        mov     eax, 0x40
        mov     es, eax
        mov     esi, main
        mov     edi, 0xFF0
        mov     ecx, 8
        TRY     rep movsd
        call    strings
        mov     eax, 0x40
        mov     es, eax
        mov     edi, 0xFFD
        mov     ecx, 5
        TRY     rep stosb
        call    strings
        mov     eax, 0x40
        mov     es, eax
        mov     edi, 0x0FFD
        mov     dword [0x8FFD], 0
        xor     eax, eax
        mov     ecx, 5
        TRY     repe scasw
        call    strings
        mov     eax, 0x40
        mov     es, eax
        std
        mov     edi, 3
        mov     ecx, 8
        TRY     rep stosb
        cld
        call    strings
        mov     eax, DATA
        mov     es, eax


        ; general detect
        mov     dword [hook], detected
        mov     eax, dr7
        or      eax, 0x2000
        mov     dr7, eax
        mov     eax, dr0
        mov     eax, dr7
        HEX     eax, 8
        call    newline
        mov     dword [hook], 0

        ; alignment
        mov     eax, cr0
        or      eax, 0x40000
        mov     cr0, eax
        mov     dword [uflags], 0x40002
        U       "aligned", mov eax, [word_a]
        U       "misaligned read", mov eax, [word_a + 1]
        U       "misaligned write", mov [word_a + 2], eax
        U       "misaligned word", mov ax, [word_a + 1]
        U       "misaligned lock", lock inc dword [word_a + 1]
        U       "misaligned push", call odd_push
        mov     dword [uflags], 2
        U       "without AC", mov eax, [word_a + 1]
        mov     eax, cr0
        and     eax, ~0x40000
        mov     cr0, eax
        U       "user: int1", db 0xF1
        jmp     finish

odd_push:
        sub     esp, 2
        push    eax
        add     esp, 6
        ret

; #DB: tells DR6 and goes on.
detected:
        SAY     "hit "
        mov     eax, dr6
        HEX     eax, 8
        mov     eax, dr7
        HEX     eax, 8
        call    newline
        add     esp, 4
        mov     eax, [regs]
        add     esp, 8
        iretd

strings:
        SAY     " esi "
        mov     eax, [regs + 24]
        sub     eax, main
        HEX     eax, 8
        SAY     " edi "
        HEX     [regs + 28], 8
        SAY     " ecx "
        HEX     [regs + 4], 8
        jmp     newline

limited:
        retf
.out:   jmp     short limited_end + 20
.far:   jmp     strict near limited + 0x10000
.last:  nop
limited_end:
        nop
        nop
        retf

        align   8
word_a: dd      0, 0
