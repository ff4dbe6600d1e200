; Control registers and MSRs refuse what they must. QEMU's TCG lets most of it pass, so what must come out is in
; control.expected, by the Intel SDM (vol. 2B, MOV to CR; vol. 3A, section 2.5) and the AMD APM (vol. 2, section 3.1).
%include "bare64.inc"

main64:
        T64     "cr4 without PAE", call no_pae
        T64     "cr0 without PG", call no_paging
        T64     "cr0 PG without PE", call no_protection
        T64     "cr0 NW without CD", call no_cache
        T64     "efer reserved", call bad_efer
        T64     "efer LME off", call no_lme
        T64     "cr8 reserved", call bad_cr8
        T64     "lstar non-canonical", call bad_lstar
        jmp     finish64

no_pae: mov     rax, cr4
        btr     rax, 5
        mov     cr4, rax
        ret
no_paging:
        mov     rax, cr0
        btr     rax, 31
        mov     cr0, rax
        ret
no_protection:
        mov     rax, cr0
        btr     rax, 0
        mov     cr0, rax
        ret
no_cache:
        mov     rax, cr0
        bts     rax, 29
        mov     cr0, rax
        ret
bad_efer:
        mov     ecx, 0xC0000080
        rdmsr
        bts     eax, 1
        wrmsr
        ret
no_lme: mov     ecx, 0xC0000080
        rdmsr
        btr     eax, 8
        wrmsr
        ret
bad_cr8:
        mov     eax, 0x10
        mov     cr8, rax
        ret
bad_lstar:
        mov     ecx, 0xC0000082
        mov     eax, 0
        mov     edx, 0x8000
        wrmsr
        ret
