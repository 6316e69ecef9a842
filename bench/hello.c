/* SPDX-License-Identifier: Apache-2.0 */
/* The least a program does. */
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
	return puts("hello") < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
