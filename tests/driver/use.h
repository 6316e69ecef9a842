/* SPDX-License-Identifier: Apache-2.0 */
/* What the test programs inside the machine share: the device, and counts. */
#ifndef TESTS_DRIVER_USE_H
#define TESTS_DRIVER_USE_H

#include <stdbool.h>
#include <stdint.h>

#include <base/device.h>

#define USE_OF_DEVICE "/sys/class/misc/confbox/"
#define USE_OF_MODULE "/sys/module/confbox/parameters/"

/** Say which condition does not hold, and where, and end the process. */
#define EXPECT(condition)                                         \
	do {                                                      \
		if (!(condition)) {                               \
			use_fail(#condition, __FILE__, __LINE__); \
		}                                                 \
	} while (0)
_Noreturn void use_fail(const char *condition, const char *file, int line);

/** A number in a file of sysfs. */
long use_number(const char *folder, const char *name);
void use_set(const char *folder, const char *name, long value);

/** Open the device.  @return a descriptor */
int use_open(void);

/** Take pages.  @return the first */
uint64_t use_pages(int fd, uint64_t count);

/** Map them, to read and write. */
uint8_t *use_map(int fd, uint64_t pfn, uint64_t count);

/** A gate call; what fails as an ioctl is a failure.  @return its status */
#define USE_CALL(fd, ret, id_, ...)                            \
	use_call(fd,                                           \
		&(const struct cbx_call){                      \
			.id = (id_), .arg = { __VA_ARGS__ } }, \
		ret)
uint64_t use_call(int fd, const struct cbx_call *call, uint64_t *ret);

/** The same until it is not busy; a range call until it is done. */
uint64_t use_done(int fd, uint64_t id, uint64_t box, uint64_t pfn, uint64_t n);

/** Give pages; what the monitor refuses now and then is asked again. */
void use_donate(int fd, uint64_t pfn, uint64_t count);

/** Make a box of eight pages of its own from page root on, and a ninth of the
 * host's, that behaves so.  @return its number */
struct use_box {
	int fd;
	uint64_t first;
	uint64_t behaviour;
	uint64_t argument;
};
#define USE_BOX_PAGES 9u
uint64_t use_box(const struct use_box *how);

/** End it, and take its pages back. */
void use_box_end(const struct use_box *how);

#endif
