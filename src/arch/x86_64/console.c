/* SPDX-License-Identifier: Apache-2.0 */
#include <arch/x86_64/console.h>
#include <arch/x86_64/cpu.h>

#define PORT	  0x3f8
#define IDLE_BIT  0x20
#define EXIT_PORT 0xf4
#define EXIT_CODE 0x7f

/* A port that is not there never gets idle. */
#define TRIES 100000u

static void set(uint16_t offset, uint8_t value)
{
	cbx_x86_out8((uint16_t)(PORT + offset), value);
}

void cbx_x86_console_init(void)
{
	set(1, 0x00);
	set(3, 0x80);
	set(0, 0x01);
	set(1, 0x00);
	set(3, 0x03);
	set(2, 0xc7);
	set(4, 0x03);
}

static void put(char c)
{
	for (uint32_t i = 0; i < TRIES; i++) {
		if ((cbx_x86_in8(PORT + 5) & IDLE_BIT) != 0) {
			break;
		}
	}
	set(0, (uint8_t)c);
}

void cbx_x86_console_put(const char *text)
{
	for (; *text != '\0'; text++) {
		put(*text);
	}
}

void cbx_x86_console_line(const char *text)
{
	cbx_x86_console_put(text);
	cbx_x86_console_put("\r\n");
}

_Noreturn void cbx_x86_console_exit(void)
{
	cbx_x86_out32(EXIT_PORT, EXIT_CODE);
	cbx_x86_stop();
}
