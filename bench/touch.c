/* SPDX-License-Identifier: Apache-2.0 */
/* bench_touch FILE: map it and read a word of each page. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define PAGE 4096

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
	struct stat about;
	const volatile char *map;
	uint64_t sum = 0;

	if (fd < 0 || fstat(fd, &about) != 0) {
		perror("bench_touch");
		return EXIT_FAILURE;
	}
	map = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) {
		perror("bench_touch");
		return EXIT_FAILURE;
	}
	for (off_t at = 0; at < about.st_size; at += PAGE) {
		sum += (uint64_t)map[at];
	}
	return printf("%ju\n", (uintmax_t)sum) < 0 ? EXIT_FAILURE
						   : EXIT_SUCCESS;
}
