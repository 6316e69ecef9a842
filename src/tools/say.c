/* SPDX-License-Identifier: Apache-2.0 */
#include <tools/say.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <confbox/confbox.h>
#include <tools/descriptor.h>

void cbx_say(const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	if (vsnprintf(line, sizeof(line), format, args) < 0) {
		line[0] = '\0';
	}
	va_end(args);
	(void)fprintf(stderr, "confbox: %s\n", line);
}

static const char *remedy_for_os(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
	case EISDIR:
		return "check the path";
	case EACCES:
	case EPERM:
	case EROFS:
		return "check the permissions";
	case ENOSPC:
	case EDQUOT:
		return "make room, or write it elsewhere";
	case EMFILE:
	case ENFILE:
	case EAGAIN:
		return "raise the limits (ulimit), or run fewer at once";
	case ENOMEM:
		return "free memory, ask for less (--memory), or raise the "
		       "limit (ulimit -v)";
	default:
		return NULL;
	}
}

static const char *remedy_for(const struct cbx_error *error)
{
	const char *remedy = remedy_for_os(error->os_error);

	if (remedy != NULL) {
		return remedy;
	}
	if (error->status == CBX_E_UNSUPPORTED &&
		error->origin == CBX_ORIGIN_MONITOR) {
		return "build it without --text, --features or --cpuid, or use "
		       "another machine";
	}
	if (error->origin != CBX_ORIGIN_API) {
		return "run it again; CONFBOX_LOG=1 shows the monitor's log";
	}
	switch ((int)error->status) {
	case CBX_E_NOMEM:
		return "use a smaller --memory";
	case CBX_E_UNSUPPORTED:
		return NULL;
	default:
		return "see confbox --help";
	}
}

void cbx_say_error(void)
{
	const struct cbx_error *error = cbx_error_last();
	const char *remedy = remedy_for(error);

	if (remedy == NULL || strchr(error->text, ';') != NULL) {
		cbx_say("%s", error->text);
	} else {
		cbx_say("%s; %s", error->text, remedy);
	}
}

int cbx_say_flush(void)
{
	if (cbx_descriptor_fd(1) < 0) {
		cbx_say("standard output: closed; open it");
		return CBX_CODE_FAILED;
	}
	if (fflush(stdout) == 0 && !ferror(stdout)) {
		return 0;
	}
	cbx_say("standard output: %s; make room, or write it elsewhere",
		strerror(errno));
	return CBX_CODE_FAILED;
}
