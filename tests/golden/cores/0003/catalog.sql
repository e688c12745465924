BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0003');
CREATE TABLE damaged_objects (
	repository VARCHAR NOT NULL, 
	object VARCHAR NOT NULL, 
	pack VARCHAR NOT NULL, 
	found_us BIGINT NOT NULL, 
	why VARCHAR NOT NULL, 
	CONSTRAINT pk_damaged_objects PRIMARY KEY (repository, object), 
	CONSTRAINT fk_damaged_objects_repository FOREIGN KEY(repository) REFERENCES repositories (id) ON DELETE CASCADE
);
CREATE TABLE events (
	id VARCHAR NOT NULL, 
	time_us BIGINT NOT NULL, 
	severity VARCHAR NOT NULL, 
	code VARCHAR NOT NULL, 
	message VARCHAR NOT NULL, 
	subject VARCHAR NOT NULL, 
	alert BOOLEAN NOT NULL, 
	dismissed BOOLEAN NOT NULL, 
	open_key VARCHAR, 
	times BIGINT NOT NULL, 
	CONSTRAINT pk_events PRIMARY KEY (id), 
	CONSTRAINT uq_events_open_key UNIQUE (open_key)
);
CREATE TABLE flaws (
	image VARCHAR NOT NULL, 
	machine VARCHAR NOT NULL, 
	CONSTRAINT pk_flaws PRIMARY KEY (image), 
	CONSTRAINT fk_flaws_image FOREIGN KEY(image) REFERENCES images (id) ON DELETE CASCADE
);
CREATE TABLE images (
	id VARCHAR NOT NULL, 
	point VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	machine VARCHAR NOT NULL, 
	time_us BIGINT NOT NULL, 
	volume VARCHAR NOT NULL, 
	volume_label VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	base_reason VARCHAR, 
	parent VARCHAR, 
	root VARCHAR NOT NULL, 
	size BIGINT NOT NULL, 
	bytes_read BIGINT NOT NULL, 
	bytes_new BIGINT NOT NULL, 
	bytes_stored BIGINT NOT NULL, 
	files BIGINT NOT NULL, 
	directories BIGINT NOT NULL, 
	files_unreadable BIGINT NOT NULL, 
	parent_root VARCHAR, 
	repository VARCHAR NOT NULL, 
	here BOOLEAN NOT NULL, 
	names BOOLEAN NOT NULL, 
	damaged BOOLEAN NOT NULL, 
	CONSTRAINT pk_images PRIMARY KEY (id), 
	CONSTRAINT fk_images_point FOREIGN KEY(point) REFERENCES points (id) ON DELETE CASCADE
);
INSERT INTO "images" VALUES('03b4cee0a4db4dc3b7628035900456b8','296c4bed98d24880bba80a7fe6e1c835',0,'26dfbc5f1b6b4400b518fbdf21cf9af7',1777899600000000,'2f1675c5675d4e5185566ee23efdf8a7','tree','base','first',NULL,'502574fa9078dee3df736562c68d0a31deb15dac100b1478b529d2e85022326f',926315,34507,35502,23131,8,1,0,NULL,'d14aa2b298444b039cf790f62a926e6e',1,1,0);
INSERT INTO "images" VALUES('4bb41a0dabcc490aa6abbc5186d15c15','a4c1f32efb6c40d9a67387bc54190d41',0,'26dfbc5f1b6b4400b518fbdf21cf9af7',1777903200000000,'2f1675c5675d4e5185566ee23efdf8a7','tree','incremental',NULL,'03b4cee0a4db4dc3b7628035900456b8','01e5643d8dc3ea47b05ffdbf003b519980fbbbce09bddf2b5533f282d68c7f48',929315,29300,24051,24058,8,1,0,'502574fa9078dee3df736562c68d0a31deb15dac100b1478b529d2e85022326f','d14aa2b298444b039cf790f62a926e6e',1,1,0);
CREATE TABLE job_log (
	job VARCHAR NOT NULL, 
	number BIGINT NOT NULL, 
	time_us BIGINT NOT NULL, 
	text VARCHAR NOT NULL, 
	CONSTRAINT pk_job_log PRIMARY KEY (job, number), 
	CONSTRAINT fk_job_log_job FOREIGN KEY(job) REFERENCES jobs (id) ON DELETE CASCADE
);
INSERT INTO "job_log" VALUES('63482e8ac2394abdab699cbe312f9986',1,1777899600000000,'Scanning and reading');
INSERT INTO "job_log" VALUES('63482e8ac2394abdab699cbe312f9986',2,1777899600000000,'Volume “tree”: a base image (first).');
INSERT INTO "job_log" VALUES('5da60e91256446b2b84275c6bd01253f',1,1777903200000000,'Scanning and reading');
CREATE TABLE jobs (
	id VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	subject VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	started_by VARCHAR NOT NULL, 
	created_us BIGINT NOT NULL, 
	reason VARCHAR NOT NULL, 
	user_name VARCHAR NOT NULL, 
	started_us BIGINT, 
	ended_us BIGINT, 
	progress JSON NOT NULL, 
	result JSON, 
	failure JSON, 
	warnings JSON NOT NULL, 
	warning_count BIGINT NOT NULL, 
	CONSTRAINT pk_jobs PRIMARY KEY (id)
);
INSERT INTO "jobs" VALUES('63482e8ac2394abdab699cbe312f9986','backup','26dfbc5f1b6b4400b518fbdf21cf9af7','succeeded','person',1777899600000000,'','',1777899600000000,1777899600000000,'{"phase": "Scanning and reading", "bytes_done": 926315, "bytes_total": null, "items_done": 9, "items_total": null, "rate_bps": null, "eta_s": null, "text": ""}','{"point": "296c4bed98d24880bba80a7fe6e1c835", "machine": "web", "time": "2026-05-04T13:00:00.000000Z", "images": [{"volume": "tree", "id": "03b4cee0a4db4dc3b7628035900456b8", "kind": "base", "base_reason": "first", "bytes_read": 34507, "bytes_new": 35502, "bytes_stored": 23131, "size": 926315, "files": 8, "directories": 1, "files_unreadable": 0}], "duration_s": 0.0, "warnings": [], "warning_count": 0}',NULL,'[]',0);
INSERT INTO "jobs" VALUES('5da60e91256446b2b84275c6bd01253f','backup','26dfbc5f1b6b4400b518fbdf21cf9af7','succeeded','person',1777903200000000,'','',1777903200000000,1777903200000000,'{"phase": "Scanning and reading", "bytes_done": 929315, "bytes_total": 926315, "items_done": 9, "items_total": 9, "rate_bps": null, "eta_s": null, "text": ""}','{"point": "a4c1f32efb6c40d9a67387bc54190d41", "machine": "web", "time": "2026-05-04T14:00:00.000000Z", "images": [{"volume": "tree", "id": "4bb41a0dabcc490aa6abbc5186d15c15", "kind": "incremental", "base_reason": null, "bytes_read": 29300, "bytes_new": 24051, "bytes_stored": 24058, "size": 929315, "files": 8, "directories": 1, "files_unreadable": 0}], "duration_s": 0.0, "warnings": [], "warning_count": 0}',NULL,'[]',0);
CREATE TABLE machines (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	name_key VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	origin_core VARCHAR NOT NULL, 
	origin_name VARCHAR NOT NULL, 
	repository VARCHAR NOT NULL, 
	volumes JSON NOT NULL, 
	created_us BIGINT NOT NULL, 
	interval_s BIGINT NOT NULL, 
	excludes JSON NOT NULL, 
	paused BOOLEAN NOT NULL, 
	next_due_us BIGINT, 
	CONSTRAINT pk_machines PRIMARY KEY (id), 
	CONSTRAINT uq_machines_name_key UNIQUE (name_key)
);
INSERT INTO "machines" VALUES('26dfbc5f1b6b4400b518fbdf21cf9af7','web','web','protected','1a4f0e912ff34db7a7aae54831826e23','','d14aa2b298444b039cf790f62a926e6e','[{"id": "2f1675c5675d4e5185566ee23efdf8a7", "label": "tree", "path": "@PLACE@/web", "source": "tree"}]',1777896000000000,0,'[]',0,NULL);
CREATE TABLE members (
	pairing VARCHAR NOT NULL, 
	machine VARCHAR NOT NULL, 
	repository VARCHAR NOT NULL, 
	repository_name VARCHAR NOT NULL, 
	paused BOOLEAN NOT NULL, 
	last_point_us BIGINT, 
	last_sent_us BIGINT, 
	CONSTRAINT pk_members PRIMARY KEY (pairing, machine), 
	CONSTRAINT fk_members_pairing FOREIGN KEY(pairing) REFERENCES pairings (id) ON DELETE CASCADE
);
CREATE TABLE pairings (
	id VARCHAR NOT NULL, 
	direction VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	name_key VARCHAR, 
	peer_id VARCHAR NOT NULL, 
	peer_name VARCHAR NOT NULL, 
	peer_version VARCHAR NOT NULL, 
	peer_fingerprint VARCHAR NOT NULL, 
	peer_protocol INTEGER NOT NULL, 
	certificate VARCHAR NOT NULL, 
	created_us BIGINT NOT NULL, 
	host VARCHAR NOT NULL, 
	port INTEGER NOT NULL, 
	state VARCHAR NOT NULL, 
	paused_here BOOLEAN NOT NULL, 
	paused_there BOOLEAN NOT NULL, 
	link VARCHAR NOT NULL, 
	link_text VARCHAR NOT NULL, 
	last_contact_us BIGINT, 
	CONSTRAINT pk_pairings PRIMARY KEY (id), 
	CONSTRAINT uq_pairings_name_key UNIQUE (name_key)
);
CREATE TABLE points (
	id VARCHAR NOT NULL, 
	machine VARCHAR NOT NULL, 
	time_us BIGINT NOT NULL, 
	origin_core VARCHAR NOT NULL, 
	record VARCHAR NOT NULL, 
	duration_s FLOAT NOT NULL, 
	warnings BIGINT NOT NULL, 
	kind VARCHAR NOT NULL, 
	size BIGINT NOT NULL, 
	bytes_new BIGINT NOT NULL, 
	CONSTRAINT pk_points PRIMARY KEY (id), 
	CONSTRAINT fk_points_machine FOREIGN KEY(machine) REFERENCES machines (id)
);
INSERT INTO "points" VALUES('296c4bed98d24880bba80a7fe6e1c835','26dfbc5f1b6b4400b518fbdf21cf9af7',1777899600000000,'1a4f0e912ff34db7a7aae54831826e23','1b1a52d9d5ba8320e7e89ce735f7b3b2372b0a9343b12df3ac0521bfcd8b7191',0.0,0,'base',926315,35502);
INSERT INTO "points" VALUES('a4c1f32efb6c40d9a67387bc54190d41','26dfbc5f1b6b4400b518fbdf21cf9af7',1777903200000000,'1a4f0e912ff34db7a7aae54831826e23','2e116fa7bc4156a2fcd3db7bc146b7496dd9b56e2b521551bcb08f8cd58db995',0.0,0,'incremental',929315,24051);
CREATE TABLE repositories (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	name_key VARCHAR NOT NULL, 
	path VARCHAR NOT NULL, 
	created_us BIGINT NOT NULL, 
	is_default BOOLEAN NOT NULL, 
	CONSTRAINT pk_repositories PRIMARY KEY (id), 
	CONSTRAINT uq_repositories_name_key UNIQUE (name_key)
);
INSERT INTO "repositories" VALUES('d14aa2b298444b039cf790f62a926e6e','default','default','@PLACE@/core/repository',1777896000000000,1);
CREATE TABLE seed_images (
	seed VARCHAR NOT NULL, 
	image VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	arrived BOOLEAN NOT NULL, 
	CONSTRAINT pk_seed_images PRIMARY KEY (seed, image), 
	CONSTRAINT fk_seed_images_seed FOREIGN KEY(seed) REFERENCES seeds (id) ON DELETE CASCADE
);
CREATE TABLE seeds (
	id VARCHAR NOT NULL, 
	pairing VARCHAR NOT NULL, 
	direction VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	created_us BIGINT NOT NULL, 
	comment VARCHAR NOT NULL, 
	customer_id VARCHAR NOT NULL, 
	location VARCHAR NOT NULL, 
	written_us BIGINT, 
	ended_us BIGINT, 
	segments JSON NOT NULL, 
	points BIGINT NOT NULL, 
	bytes BIGINT NOT NULL, 
	oldest_us BIGINT, 
	newest_us BIGINT, 
	CONSTRAINT pk_seeds PRIMARY KEY (id)
);
CREATE TABLE settings (
	"key" VARCHAR NOT NULL, 
	value VARCHAR NOT NULL, 
	CONSTRAINT pk_settings PRIMARY KEY ("key")
);
INSERT INTO "settings" VALUES('core.set-up','2026-05-04T12:00:00.000000Z');
CREATE TABLE users (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	name_key VARCHAR NOT NULL, 
	role VARCHAR NOT NULL, 
	password_hash VARCHAR NOT NULL, 
	created_us BIGINT NOT NULL, 
	CONSTRAINT pk_users PRIMARY KEY (id), 
	CONSTRAINT uq_users_name_key UNIQUE (name_key)
);
CREATE TABLE wishes (
	pairing VARCHAR NOT NULL, 
	image VARCHAR NOT NULL, 
	asked_us BIGINT NOT NULL, 
	CONSTRAINT pk_wishes PRIMARY KEY (pairing, image), 
	CONSTRAINT fk_wishes_pairing FOREIGN KEY(pairing) REFERENCES pairings (id) ON DELETE CASCADE
);
CREATE INDEX ix_machines_next_due_us ON machines (next_due_us);
CREATE INDEX ix_pairings_peer_fingerprint ON pairings (peer_fingerprint);
CREATE INDEX ix_seeds_created_us_id ON seeds (created_us, id);
CREATE INDEX ix_jobs_subject_created_us_id ON jobs (subject, created_us, id);
CREATE INDEX ix_jobs_state_created_us_id ON jobs (state, created_us, id);
CREATE INDEX ix_jobs_created_us_id ON jobs (created_us, id);
CREATE INDEX ix_jobs_kind_created_us_id ON jobs (kind, created_us, id);
CREATE INDEX ix_events_severity_time_us_id ON events (severity, time_us, id);
CREATE INDEX ix_events_time_us_id ON events (time_us, id);
CREATE INDEX ix_points_machine_time_us_id_kind_size_bytes_new ON points (machine, time_us, id, kind, size, bytes_new);
CREATE INDEX ix_points_bytes_new_id_time_us_kind_machine ON points (bytes_new, id, time_us, kind, machine);
CREATE INDEX ix_points_time_us_id_kind_size_bytes_new ON points (time_us, id, kind, size, bytes_new);
CREATE INDEX ix_points_size_id_time_us_kind_machine ON points (size, id, time_us, kind, machine);
CREATE INDEX ix_members_machine ON members (machine);
CREATE INDEX ix_seed_images_image ON seed_images (image);
CREATE INDEX ix_images_parent ON images (parent);
CREATE INDEX ix_images_machine_time_us_id ON images (machine, time_us, id);
CREATE INDEX ix_images_point ON images (point);
CREATE INDEX ix_flaws_machine ON flaws (machine);
COMMIT;
