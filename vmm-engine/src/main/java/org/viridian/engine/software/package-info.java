/**
 * The x86-64 CPU in software: a decoder that turns guest code into blocks of micro-operations, their interpreter, the
 * MMU with its software TLB, exceptions, and the local APICs. It holds no device and no Hyper-V register.
 */
package org.viridian.engine.software;
