/* SPDX-License-Identifier: Apache-2.0 */
#include "forge_world.h"

static void write_chain(struct world *world)
{
	(void)snprintf(world->chain, sizeof(world->chain), "%s%s%s",
		world->pem[FORGE_PCK], world->pem[FORGE_CA],
		world->pem[FORGE_ROOT]);
}

void world_sign_quote(struct world *world)
{
	world->td.certificates = world->chain;
	world->quote_size = forge_quote(world->forge, &world->td, world->quote);
}

void world_make_quote(struct world *world)
{
	const struct forge_certificate pck = { FORGE_PCK, FORGE_CA, .serial = 3,
		.pck = &world->pck };

	(void)forge_certify(world->forge, &pck, world->pem[FORGE_PCK]);
	write_chain(world);
	world_sign_quote(world);
}

#define PART_LEVEL(svn, status)      \
	"{\"tcb\":{\"isvsvn\":" #svn \
	"},\"tcbDate\":\"2024-03-13T00:00:00Z\",\"tcbStatus\":\"" status "\"}"
#define ADVISORIES "\"advisoryIDs\":[\"INTEL-SA-00001\",\"INTEL-SA-00002\"]"

static const char *module_of(
	char *room, const char *id, const char *signer, const char *levels)
{
	char digits[97];

	for (size_t i = 0; i < 96; i += 2) {
		(void)snprintf(digits + i, 3, "%s", signer);
	}
	(void)snprintf(room, 2048,
		"{%s\"mrsigner\":\"%s\",\"attributes\":\"0000000000000000\","
		"\"attributesMask\":\"FFFFFFFFFFFFFFFF\"%s}",
		id, digits, levels);
	return room;
}

static void write_tcb_info(struct world *world)
{
	const struct world_collateral *says = &world->says;
	char room[3][2048];

	(void)snprintf(world->object, sizeof(world->object),
		"{\"id\":%s,\"version\":%s,\"issueDate\":%s,\"nextUpdate\":%s,"
		"\"fmspc\":%s,\"pceId\":%s,\"tcbType\":%s,"
		"\"tcbEvaluationDataNumber\":17,\"tdxModule\":%s,"
		"\"tdxModuleIdentities\":[%s,%s],\"tcbLevels\":["
		"{\"tcb\":%s,\"tcbDate\":\"2024-11-13T00:00:00Z\","
		"\"tcbStatus\":%s},"
		"{\"tcb\":" WORLD_TCB_LEVEL(WORLD_COMPONENTS(5, 5, 2), 5,
			WORLD_COMPONENTS(5, 0,
				5)) ",\"tcbStatus\":"
				    "\"ConfigurationNeeded\"," ADVISORIES "},"
				    "{\"tcb\":" WORLD_TCB_LEVEL(
					    WORLD_COMPONENTS(4, 4, 2), 5,
					    WORLD_COMPONENTS(3, 0,
						    3)) ",\"tcbStatus\":"
							"\"OutOfDateConfigurati"
							"onNeeded\"," ADVISORIES
							"},"
							"{\"tcb\""
							":" WORLD_TCB_LEVEL(
								WORLD_COMPONENTS(
									2, 2,
									2),
								5,
								WORLD_COMPONENTS(
									1, 0,
									1)) ","
									    "\""
									    "tc"
									    "bS"
									    "ta"
									    "tu"
									    "s"
									    "\""
									    ":"
									    "\""
									    "Re"
									    "vo"
									    "ke"
									    "d"
									    "\""
									    "}]"
									    "}",
		says->id, says->version, says->issued, says->next, says->fmspc,
		says->pceid, says->type,
		module_of(room[0], "", says->module_signer, ""),
		module_of(room[1], "\"id\":\"TDX_03\",", says->module_signer,
			",\"tcbLevels\":[" PART_LEVEL(2, "UpToDate") "]"),
		module_of(room[2], "\"id\":\"TDX_01\",", says->module_signer,
			",\"tcbLevels\":[" PART_LEVEL(
				5, "UpToDate") "," PART_LEVEL(3,
				"OutOfDate") "," PART_LEVEL(1, "Revoked") "]"),
		says->spoiled, says->status);
}

static void write_identity(struct world *world)
{
	const struct world_collateral *says = &world->says;

	(void)snprintf(world->object, sizeof(world->object),
		"{\"id\":%s,\"version\":%s,\"issueDate\":%s,\"nextUpdate\":%s,"
		"\"tcbEvaluationDataNumber\":18,\"miscselect\":\"00000000\","
		"\"miscselectMask\":\"FFFFFFFF\",\"attributes\":\"%s\","
		"\"attributesMask\":\"FBFFFFFFFFFFFFFF0000000000000000\","
		"\"mrsigner\":\"%s\",\"isvprodid\":%s,\"tcbLevels\":"
		"[" PART_LEVEL(8, "UpToDate") "," PART_LEVEL(
			6, "OutOfDate") "," PART_LEVEL(2, "Revoked") "]}",
		says->qe_id, says->qe_version, says->issued, says->next,
		says->qe_attributes, says->qe_signer, says->qe_product);
}

void world_make_collateral(struct world *world)
{
	write_tcb_info(world);
	world->sizes[WORLD_TCB] = forge_answer(world->forge, FORGE_SIGNER,
		"tcbInfo", world->object, (char *)world->files[WORLD_TCB]);
	write_identity(world);
	world->sizes[WORLD_IDENTITY] =
		forge_answer(world->forge, FORGE_SIGNER, "enclaveIdentity",
			world->object, (char *)world->files[WORLD_IDENTITY]);
	world->sizes[WORLD_SIGNERS] =
		(size_t)snprintf((char *)world->files[WORLD_SIGNERS],
			sizeof(world->files[WORLD_SIGNERS]), "%s%s",
			world->pem[FORGE_SIGNER], world->pem[FORGE_ROOT]);
}

void world_make_lists(
	struct world *world, unsigned char by_root, unsigned char by_ca)
{
	world->sizes[WORLD_ROOT_LIST] = forge_list(world->forge, FORGE_ROOT,
		by_root, true, world->files[WORLD_ROOT_LIST]);
	world->sizes[WORLD_CA_LIST] = forge_list(world->forge, FORGE_CA, by_ca,
		true, world->files[WORLD_CA_LIST]);
}

void world_make(struct world *world)
{
	static const struct world_collateral usual = {
		.status = "\"UpToDate\"",
		.id = "\"TDX\"",
		.version = "3",
		.issued = "\"2025-05-20T10:00:00Z\"",
		.next = "\"2025-06-19T10:00:00Z\"",
		.fmspc = "\"50806F000000\"",
		.pceid = "\"0000\"",
		.type = "0",
		.module_signer = "00",
		.qe_id = "\"TD_QE\"",
		.qe_version = "2",
		.qe_product = "2",
		.qe_signer = "DC9E2A7C6F948F17474E34A7FC43ED03"
			     "0F7C1563F1BABDDF6340C82E0E54A8C5",
		.qe_attributes = "11000000000000000000000000000000",
		.spoiled = WORLD_TCB_LEVEL(WORLD_COMPONENTS(5, 5, 2), 11,
			WORLD_COMPONENTS(5, 0, 5)),
	};

	world->says = usual;
	world->pck = forge_usual_pck();
	world->td = forge_usual_td(world->chain);
	for (int who = 0; who < FORGE_KEYS; who++) {
		(void)forge_usual(
			world->forge, (enum forge_who)who, world->pem[who]);
	}
	world_make_quote(world);
	world_make_collateral(world);
	world_make_lists(world, 0, 0);
	world->flags = 0;
	world->requirements = NULL;
	world->requirement_count = 0;
	world->now = FORGE_NOW;
}

enum cbx_refusal world_verify(
	const struct world *world, struct cbx_verdict *verdict)
{
	const struct cbx_span root = { (const uint8_t *)world->pem[FORGE_ROOT],
		strlen(world->pem[FORGE_ROOT]) };
	const struct cbx_appraisal appraisal = {
		.size = sizeof(appraisal),
		.flags = world->flags,
		.now = world->now,
		.roots = &root,
		.root_count = 1,
		.requirements = world->requirements,
		.requirement_count = world->requirement_count,
	};
	const struct cbx_span quote = { world->quote, world->quote_size };
	struct cbx_span files[WORLD_FILES] = { { 0 } };
	struct cbx_endorsements endorsements = tdx_collateral(files, 0);

	for (int i = 0; i < WORLD_FILES; i++) {
		if (world->sizes[i] != 0) {
			files[endorsements.collateral_count++] =
				(struct cbx_span){ world->files[i],
					world->sizes[i] };
		}
	}
	return cbx_verify_tdx(verdict, quote, &endorsements, &appraisal);
}

void world_expect(const struct world *world, struct cbx_verdict *verdict,
	enum cbx_refusal expected, const char *what)
{
	tdx_assert_reason(
		verdict, world_verify(world, verdict), expected, what);
}
