/* SPDX-License-Identifier: Apache-2.0 */
#include <client/error.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local struct cbx_error last;

static void set_text(const char *format, va_list args)
{
	if (vsnprintf(last.text, sizeof(last.text), format, args) < 0) {
		last.text[0] = '\0';
	}
}

static void append_text(const char *text)
{
	size_t used = strlen(last.text);

	(void)snprintf(
		last.text + used, sizeof(last.text) - used, ": %s", text);
}

static void append_os(int os_error)
{
	char buf[96];

	if (os_error != 0) {
		append_text(strerror_r(os_error, buf, sizeof(buf)));
	}
}

static void begin(enum cbx_status status, enum cbx_origin origin, int os_error)
{
	last.status = status;
	last.origin = origin;
	last.os_error = os_error;
}

enum cbx_status cbx_fail(enum cbx_status status, const char *format, ...)
{
	va_list args;

	begin(status, CBX_ORIGIN_API, 0);
	va_start(args, format);
	set_text(format, args);
	va_end(args);
	return status;
}

enum cbx_status cbx_fail_os(
	enum cbx_status status, int os_error, const char *format, ...)
{
	va_list args;

	begin(status, CBX_ORIGIN_API, os_error);
	va_start(args, format);
	set_text(format, args);
	va_end(args);
	append_os(os_error);
	return status;
}

enum cbx_status cbx_fail_transport(
	enum cbx_status status, int os_error, const char *format, ...)
{
	va_list args;

	begin(status, CBX_ORIGIN_TRANSPORT, os_error);
	va_start(args, format);
	set_text(format, args);
	va_end(args);
	append_os(os_error);
	return status;
}

enum cbx_status cbx_fail_monitor(
	enum cbx_status status, const char *format, ...)
{
	va_list args;

	begin(status, CBX_ORIGIN_MONITOR, 0);
	va_start(args, format);
	set_text(format, args);
	va_end(args);
	append_text(cbx_status_text(status));
	return status;
}

enum cbx_status cbx_fail_call(
	enum cbx_status status, uint64_t reply_status, const char *what)
{
	if (reply_status == CBX_OK) {
		return status;
	}
	return cbx_fail_monitor(status, "%s", what);
}

enum cbx_status cbx_fail_memory(const char *what)
{
	return cbx_fail_os(CBX_E_NOMEM, ENOMEM, "%s", what);
}

void cbx_error_restore(const struct cbx_error *error)
{
	last = *error;
}

const struct cbx_error *cbx_error_last(void)
{
	return &last;
}

const char *cbx_status_text(enum cbx_status status)
{
	switch (status) {
#define X(number, NAME, text) \
	case CBX_##NAME:      \
		return text;
#include <confbox/status.def>
#undef X
	}
	return "unknown status";
}
