; Page faults: every error code, CR2 of accesses across pages, WP, NX, SMEP, SMAP, reserved bits, A and D bits, global pages
; and INVLPG. Pages from 8 MiB on have tables of their own.
%include "bare64.inc"

PT      equ     0x310000
AREA    equ     0x800000

%macro U64 2+                           ; text, user code
        SAY64   %1
        jmp     %%run
%%user: %2
        int     0x2F
%%run:  TRY64   USER64 %%user
        call    newline64
%endmacro

%macro PAGE 2                           ; number, flags
        mov     rax, AREA + %1 * 0x1000 + %2
        mov     [PT + %1 * 8], rax
        invlpg  [AREA + %1 * 0x1000]
%endmacro

main64: mov     qword [TABLES + 0x2020], PT + 7
        PAGE    0, 7                    ; user, writable
        PAGE    1, 5                    ; user, read-only
        PAGE    2, 3                    ; supervisor, writable
        PAGE    3, 1                    ; supervisor, read-only
        mov     rax, 0x8000000000000000 + AREA + 0x4000 + 7
        mov     [PT + 4 * 8], rax       ; no execution
        mov     rax, 0x0008000000000000 + AREA + 0x5000 + 7
        mov     [PT + 5 * 8], rax       ; reserved bit
        PAGE    7, 7
        mov     byte [AREA + 0x100], 0xC3
        mov     byte [AREA + 0x4100], 0xC3
        mov     byte [AREA + 0x2100], 0xC3
        call    matrix
        SAY64   "without WP", 10
        mov     rax, cr0
        btr     rax, 16
        mov     cr0, rax
        call    matrix
        mov     rax, cr0
        bts     rax, 16
        mov     cr0, rax
        SAY64   "without NX", 10
        mov     ecx, 0xC0000080
        rdmsr
        btr     eax, 11
        wrmsr
        call    matrix
        mov     ecx, 0xC0000080
        rdmsr
        bts     eax, 11
        wrmsr
        SAY64   "SMEP", 10
        call    own                     ; our own code must not lie in user pages
        mov     rax, cr4
        bts     rax, 20
        mov     cr4, rax
        call    kernel_part
        SAY64   "SMAP", 10
        mov     rax, cr4
        bts     rax, 21
        mov     cr4, rax
        call    kernel_part
        SAY64   "SMAP, AC", 10
        stac
        call    kernel_part
        stac
        mov     eax, [AREA]
        clac
        T64     "clac", mov eax, [AREA]
        stac
        push    2
        popfq
        T64     "popf", mov eax, [AREA]
        mov     rax, cr4
        btr     rax, 21
        btr     rax, 20
        mov     cr4, rax
        SAY64   "accessed and dirty", 10
        PAGE    8, 7
        mov     rcx, [PT + 8 * 8]
        HEX64   rcx, 8
        mov     eax, [AREA + 0x8000]
        mov     rcx, [PT + 8 * 8]
        HEX64   rcx, 8
        mov     [AREA + 0x8000], eax
        mov     rcx, [PT + 8 * 8]
        HEX64   rcx, 8
        call    newline64
        PAGE    9, 5
        TRY64   mov [AREA + 0x9000], eax
        mov     rcx, [PT + 9 * 8]
        HEX64   rcx, 8
        call    newline64
        PAGE    10, 7
        PAGE    11, 6
        TRY64   mov [AREA + 0xAFFC], rax
        mov     rcx, [PT + 10 * 8]
        HEX64   rcx, 8
        call    newline64
        mov     byte [idt64 + 12 * 16 + 4], 1   ; these come with a stack that is none
        mov     byte [idt64 + 13 * 16 + 4], 1
        T64     "non-canonical read", call bad_read
        T64     "non-canonical by rsp", call bad_stack
        T64     "non-canonical by rbp", call bad_frame
        T64     "non-canonical push", call bad_push
        T64     "non-canonical jump", call bad_jump
        T64     "non-canonical iret", call bad_iret
        jmp     finish64

matrix: call    kernel_part
        U64     "user: read user", mov eax, [AREA]
        U64     "user: write user", mov [AREA], eax
        U64     "user: write read-only", mov [AREA + 0x1000], eax
        U64     "user: add read-only", add [AREA + 0x1000], eax
        U64     "user: cmpxchg read-only", cmpxchg [AREA + 0x1000], ecx
        U64     "user: read supervisor", mov eax, [AREA + 0x2000]
        U64     "user: write supervisor", mov [AREA + 0x2000], eax
        U64     "user: execute supervisor", call user_execute2
        U64     "user: execute NX", call user_execute
        U64     "user: execute absent", call user_execute6
        U64     "user: read reserved", mov eax, [AREA + 0x5000]
        U64     "user: read absent", mov eax, [AREA + 0x6000]
        U64     "user: write absent", mov [AREA + 0x6000], eax
        U64     "user: across into absent", mov eax, [AREA + 0x5FFE - 0x0]
        U64     "user: write across into read-only", mov [AREA + 0xFFE], eax
        U64     "user: inc across into read-only", inc dword [AREA + 0xFFE]
        ret

kernel_part:
        T64     "read user", mov eax, [AREA]
        T64     "write user", mov [AREA], eax
        T64     "execute user", call user_page
        T64     "write read-only user", mov [AREA + 0x1000], eax
        T64     "write read-only", mov [AREA + 0x3000], eax
        T64     "xchg read-only", xchg [AREA + 0x3000], eax
        T64     "execute NX", call nx_page
        T64     "read reserved", mov eax, [AREA + 0x5000]
        T64     "write reserved", mov [AREA + 0x5000], eax
        T64     "read absent", mov eax, [AREA + 0x6000]
        T64     "write absent", mov [AREA + 0x6000], eax
        T64     "execute absent", call absent_page
        T64     "read across", mov eax, [AREA + 0x6FFE]
        T64     "write across", mov [AREA + 0x5FFD + 0x1000], rax
        T64     "movups across", movups xmm0, [AREA + 0x5FF8 + 0x1000]
        ret

user_page:
        mov     rax, AREA + 0x100
        jmp     rax
nx_page:
        mov     rax, AREA + 0x4100
        jmp     rax
absent_page:
        mov     rax, AREA + 0x6100
        jmp     rax
user_execute:
        mov     rax, AREA + 0x4100
        jmp     rax
user_execute2:
        mov     rax, AREA + 0x2100
        jmp     rax
user_execute6:
        mov     rax, AREA + 0x6100
        jmp     rax

; The first 4 MiB become the supervisor's.
own:    mov     qword [TABLES + 0x2000], 0x83
        mov     qword [TABLES + 0x2008], 0x200083
        mov     rax, cr3
        mov     cr3, rax
        ret

bad:    mov     rbx, 0x0000800000000000
        ret
bad_read:
        call    bad
        mov     eax, [rbx]
        ret
bad_stack:
        call    bad
        xchg    rbx, rsp
        mov     eax, [rsp]
        ret
bad_frame:
        call    bad
        mov     rbp, rbx
        mov     eax, [rbp + 8]
        ret
bad_push:
        mov     rsp, 0x0000800000001000
        push    rax
        ret
bad_jump:
        call    bad
        jmp     rbx
bad_iret:
        call    bad
        mov     rax, rsp
        push    DATA
        push    rax
        push    2
        push    CODE64
        push    rbx
        iretq
