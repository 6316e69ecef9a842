/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of confbox(1); each returns the exit status. */
#ifndef CBX_TOOLS_COMMANDS_H
#define CBX_TOOLS_COMMANDS_H

#include <tools/options.h>

/** Run a program or an image, see confbox(1); as all of these. */
int cbx_command_run(struct cbx_command_line *line);
/** Write an image to a file. */
int cbx_command_build(struct cbx_command_line *line);
/** Print a measurement. */
int cbx_command_measure(struct cbx_command_line *line);
/** Write evidence of a box, or of the monitor. */
int cbx_command_attest(struct cbx_command_line *line);
/** Print what this machine offers. */
int cbx_command_info(struct cbx_command_line *line);
/** Look for instructions a host kernel must not hold. */
int cbx_command_scan(struct cbx_command_line *line);

/** Run a program on a backend's machine, in an emulator: scripts/lab takes
 * over.  @param argv  the command's name and arguments, NULL-terminated */
int cbx_command_lab(char **argv);

/** Keep counters for boxes.  @param argv  those after the command's name,
 * NULL-terminated */
int cbx_command_counter(char **argv);

/** Who answers for a directory, which is there, or a socket; the caller closes it.
 * @return 0, or the exit status after saying what is wrong */
int cbx_counter_find(const char *path, struct cbx_counter_service *service);
/** Check evidence; reads its own arguments.
 * @param argv  those after the command's name, NULL-terminated */
int cbx_command_verify(char **argv);

/** Sign a measurement.  @param argv  those after the command's name,
 * NULL-terminated */
int cbx_command_sign(char **argv);

/** Give a box the signer of the signature in a file. @return as above */
int cbx_sign_box(struct cbx_box *box, const char *path);

/** Have the key service at a socket release its root to the monitor.
 * @return as above */
int cbx_keys_fetch(struct cbx_context *context, const char *path);

/** Send data to a box whose evidence is accepted, and open its answer; the
 * same. */
int cbx_command_send(char **argv);

/** Open an answer that came later; the same. */
int cbx_command_receive(char **argv);

/**
 * The image a command is about: read from its file, or built.
 *
 * @param[out] image  the caller destroys it
 *
 * @return 0, or the exit status after saying what is wrong
 */
int cbx_command_image(struct cbx_command_line *line, struct cbx_image **image);

/** A digest in hexadecimal. */
struct cbx_hex {
	char text[2 * CBX_DIGEST_BYTES + 1];
};
struct cbx_hex cbx_command_hex(const uint8_t digest[CBX_DIGEST_BYTES]);

#endif
