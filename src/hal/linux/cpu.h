/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host CPUs: one monitor thread each, created when first used and never ended,
 * because a box dies with the thread that created its process.
 */
#ifndef CBX_HAL_LINUX_CPU_H
#define CBX_HAL_LINUX_CPU_H

#include <hal/hal.h>

/** Make the table of CPUs; the caller becomes CPU 0 until it serves.
 * @return false when there is no memory or descriptor (errno) */
bool cbx_linux_cpu_start(uint32_t count);

/** What a CPU's thread does with a new socket; returns when it is done. */
typedef void cbx_linux_cpu_serve(uint32_t cpu);

/**
 * Give a new socket to a CPU that has none.
 *
 * @param      socket  the CPU's from now on; untouched on failure
 * @param[out] cpu     its number
 *
 * @retval CBX_OK       it serves
 * @retval CBX_E_BUSY   all CPUs are in use
 * @retval CBX_E_NOMEM  no thread is to be had
 */
CBX_MUST_CHECK enum cbx_status cbx_linux_cpu_open(
	int socket, cbx_linux_cpu_serve *serve, uint32_t *cpu);

/** The socket of a CPU that serves; its own thread asks. */
int cbx_linux_cpu_socket(uint32_t cpu);

/** Pages this CPU has mapped: counted at each step of a table walk, so nothing
 * is called for it. */
extern _Thread_local uint32_t cbx_linux_cpu_maps;

/** A descriptor that is readable from cbx_linux_cpu_wake on until
 * cbx_linux_cpu_calm. */
int cbx_linux_cpu_event(uint32_t cpu);

/** Make a CPU look at its mailboxes again. */
void cbx_linux_cpu_wake(uint32_t cpu);

/** Forget wakes; before looking. */
void cbx_linux_cpu_calm(uint32_t cpu);

/** Whether the CPU was kicked since it last asked. */
bool cbx_linux_cpu_kicked(uint32_t cpu);

#endif
