/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments, environment, standard input, both outputs, a status. */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	const char *name = getenv("NAME");
	char line[64];
	int count = 0;

	for (int i = 1; i < argc; i++) {
		printf("%s ", argv[i]);
	}
	printf("to %s\n", name != NULL ? name : "nobody");
	while (fgets(line, sizeof(line), stdin) != NULL) {
		fputs(line, stdout);
		count++;
	}
	fprintf(stderr, "%d lines\n", count);
	return 7;
}
