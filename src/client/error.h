/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calling thread's last error.  Every function that fails sets it once, at
 * the place that knows the cause; callers pass the status on.
 */
#ifndef CBX_CLIENT_ERROR_H
#define CBX_CLIENT_ERROR_H

#include <confbox/confbox.h>

/**
 * Record an error of this library.
 *
 * @param status  not CBX_OK
 * @param format  printf's; "what: cause", no newline
 *
 * @return status
 */
enum cbx_status cbx_fail(enum cbx_status status, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** As cbx_fail, and the text ends with ": " and the meaning of @p os_error. */
enum cbx_status cbx_fail_os(enum cbx_status status, int os_error,
	const char *format, ...) __attribute__((format(printf, 3, 4)));

/** As cbx_fail_os with origin TRANSPORT; @p os_error may be 0. */
enum cbx_status cbx_fail_transport(enum cbx_status status, int os_error,
	const char *format, ...) __attribute__((format(printf, 3, 4)));

/** As cbx_fail with origin MONITOR; the text ends with the status's. */
enum cbx_status cbx_fail_monitor(enum cbx_status status, const char *format,
	...) __attribute__((format(printf, 2, 3)));

/** A call failed: by the gate @p reply_status, unless that is CBX_OK; then the
 * transport has recorded why and @p status is passed on. */
enum cbx_status cbx_fail_call(
	enum cbx_status status, uint64_t reply_status, const char *what);

/** Make @p error the last one again, after cleaning up. */
void cbx_error_restore(const struct cbx_error *error);

/** CBX_E_NOMEM: this process has no memory for @p what. */
enum cbx_status cbx_fail_memory(const char *what);

#endif
