BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0004');
CREATE TABLE burials (
	point VARCHAR NOT NULL, 
	repository VARCHAR NOT NULL, 
	removed_us BIGINT NOT NULL, 
	CONSTRAINT pk_burials PRIMARY KEY (point, repository)
);
CREATE TABLE damaged_objects (
	repository VARCHAR NOT NULL, 
	object VARCHAR NOT NULL, 
	pack VARCHAR NOT NULL, 
	found_us BIGINT NOT NULL, 
	why VARCHAR NOT NULL, 
	CONSTRAINT pk_damaged_objects PRIMARY KEY (repository, object), 
	CONSTRAINT fk_damaged_objects_repository FOREIGN KEY(repository) REFERENCES repositories (id) ON DELETE CASCADE
);
INSERT INTO "damaged_objects" VALUES('repo-1','abababababababababababababababababababababababababababababababab','',1777896000123456,'lost');
INSERT INTO "damaged_objects" VALUES('repo-2','cd','p',1777896000123456,'');
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
INSERT INTO "events" VALUES('event-1',1777896000123456,'warning','disk-low','It is full.','repo-1',0,0,NULL,1);
INSERT INTO "events" VALUES('event-2',1777896060123456,'warning','disk-low','It is full.','repo-1',1,0,'disk-low repo-1',2);
INSERT INTO "events" VALUES('event-4',1777896000123456,'warning','other','It is full.','',1,1,NULL,1);
CREATE TABLE flaws (
	image VARCHAR NOT NULL, 
	machine VARCHAR NOT NULL, 
	CONSTRAINT pk_flaws PRIMARY KEY (image), 
	CONSTRAINT fk_flaws_image FOREIGN KEY(image) REFERENCES images (id) ON DELETE CASCADE
);
INSERT INTO "flaws" VALUES('3c6ef372fe94f82a0000000000000000.1','machine-1');
INSERT INTO "flaws" VALUES('daa66d2c7ddf743f0000000000000000.0','machine-2');
INSERT INTO "flaws" VALUES('9e3779b97f4a7c150000000000000000.1','machine-1');
CREATE TABLE holds (
	point VARCHAR NOT NULL, 
	since_us BIGINT NOT NULL, 
	reason VARCHAR NOT NULL, 
	user_name VARCHAR NOT NULL, 
	CONSTRAINT pk_holds PRIMARY KEY (point), 
	CONSTRAINT fk_holds_point FOREIGN KEY(point) REFERENCES points (id) ON DELETE CASCADE
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
	"key" VARCHAR DEFAULT '' NOT NULL, 
	CONSTRAINT pk_images PRIMARY KEY (id), 
	CONSTRAINT fk_images_point FOREIGN KEY(point) REFERENCES points (id) ON DELETE CASCADE
);
INSERT INTO "images" VALUES('9e3779b97f4a7c150000000000000000.0','9e3779b97f4a7c150000000000000000',0,'machine-1',1777896000123456,'vol-1','data','base','first',NULL,'root-9e3779b97f4a7c150000000000000000.0',1099511627776,5,4,3,1000,20,1,NULL,'repo-1',1,1,0,'');
INSERT INTO "images" VALUES('9e3779b97f4a7c150000000000000000.1','9e3779b97f4a7c150000000000000000',1,'machine-1',1777896000123456,'vol-1','data','base','first',NULL,'root-9e3779b97f4a7c150000000000000000.1',1099511627776,5,4,3,1000,20,1,NULL,'repo-1',1,1,1,'');
INSERT INTO "images" VALUES('3c6ef372fe94f82a0000000000000000.0','3c6ef372fe94f82a0000000000000000',0,'machine-1',1777899600123456,'vol-1','data','incremental',NULL,'9e3779b97f4a7c150000000000000000.0','root-3c6ef372fe94f82a0000000000000000.0',1099511627776,5,4,3,1000,20,1,'root-9e3779b97f4a7c150000000000000000.0','repo-1',1,0,0,'');
INSERT INTO "images" VALUES('3c6ef372fe94f82a0000000000000000.1','3c6ef372fe94f82a0000000000000000',1,'machine-1',1777899600123456,'vol-1','data','incremental',NULL,'9e3779b97f4a7c150000000000000000.1','root-3c6ef372fe94f82a0000000000000000.1',1099511627776,5,4,3,1000,20,1,'root-9e3779b97f4a7c150000000000000000.1','repo-1',0,0,0,'');
INSERT INTO "images" VALUES('daa66d2c7ddf743f0000000000000000.0','daa66d2c7ddf743f0000000000000000',0,'machine-2',1777903200123456,'vol-1','data','incremental',NULL,'far','root-daa66d2c7ddf743f0000000000000000.0',1099511627776,5,4,3,1000,20,1,'root-far','repo-2',1,1,0,'');
CREATE TABLE job_log (
	job VARCHAR NOT NULL, 
	number BIGINT NOT NULL, 
	time_us BIGINT NOT NULL, 
	text VARCHAR NOT NULL, 
	CONSTRAINT pk_job_log PRIMARY KEY (job, number), 
	CONSTRAINT fk_job_log_job FOREIGN KEY(job) REFERENCES jobs (id) ON DELETE CASCADE
);
INSERT INTO "job_log" VALUES('j0b00001',1,1777896000123456,'first');
INSERT INTO "job_log" VALUES('j0b00001',2,1777892400123456,'second
line');
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
INSERT INTO "jobs" VALUES('j0b00001','backup','machine-1','succeeded','schedule',1777896000123456,'it was due','Ada',1777896001123456,1777896009123456,'{"phase": "Reading", "bytes_done": 7, "bytes_total": 10, "items_done": 1, "items_total": null, "rate_bps": 1.5, "eta_s": 2.5, "text": "a file"}','{"point": "p", "images": [{"volume": "data", "bytes_new": 2199023255552}], "ratio": 0.5, "none": null}','{"code": "medium-full", "message": "The medium is full.", "hint": "Use another.", "kind": "failed"}','[["unreadable", "A file could not be read."], ["vanished", "\u201cx\u201d is gone."]]',2);
INSERT INTO "jobs" VALUES('j0b00002','backup','machine-1','queued','schedule',1777896000123456,'it was due','Ada',NULL,NULL,'{"phase": "Reading", "bytes_done": 7, "bytes_total": 10, "items_done": 1, "items_total": null, "rate_bps": 1.5, "eta_s": 2.5, "text": "a file"}',NULL,NULL,'[]',2);
CREATE TABLE keys (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	name_key VARCHAR NOT NULL, 
	description VARCHAR NOT NULL, 
	type VARCHAR NOT NULL, 
	wrapped BLOB NOT NULL, 
	created_us BIGINT NOT NULL, 
	changed_us BIGINT NOT NULL, 
	unlocked BOOLEAN NOT NULL, 
	until_us BIGINT, 
	origin VARCHAR NOT NULL, 
	tested_us BIGINT, 
	test_passed BOOLEAN NOT NULL, 
	CONSTRAINT pk_keys PRIMARY KEY (id), 
	CONSTRAINT uq_keys_name_key UNIQUE (name_key)
);
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
	"key" VARCHAR DEFAULT '' NOT NULL, 
	options JSON DEFAULT '{"one_file_system": false}' NOT NULL, 
	CONSTRAINT pk_machines PRIMARY KEY (id), 
	CONSTRAINT uq_machines_name_key UNIQUE (name_key)
);
INSERT INTO "machines" VALUES('machine-1','Machine machine-1','machine machine-1','protected','core-a','north','repo-1','[{"id": "vol-1", "label": "data", "path": "/srv/\u00e4\\xff", "source": "tree"}, {"id": "vol-2", "label": "home", "path": "/home", "source": "image"}]',1777896000123456,900,'["*.tmp", "cache/**"]',0,1777899600123456,'','{"one_file_system": true, "caches": false, "markers": [], "before": "", "after": "", "command_timeout_s": 300, "snapshot": true}');
INSERT INTO "machines" VALUES('machine-2','Machine machine-2','machine machine-2','replicated','core-a','north','repo-1','[]',1777896000123456,0,'[]',0,NULL,'','{"one_file_system": true, "caches": false, "markers": [], "before": "", "after": "", "command_timeout_s": 300, "snapshot": true}');
CREATE TABLE members (
	pairing VARCHAR NOT NULL, 
	machine VARCHAR NOT NULL, 
	repository VARCHAR NOT NULL, 
	repository_name VARCHAR NOT NULL, 
	paused BOOLEAN NOT NULL, 
	last_point_us BIGINT, 
	last_sent_us BIGINT, 
	retention VARCHAR DEFAULT '' NOT NULL, 
	CONSTRAINT pk_members PRIMARY KEY (pairing, machine), 
	CONSTRAINT fk_members_pairing FOREIGN KEY(pairing) REFERENCES pairings (id) ON DELETE CASCADE
);
INSERT INTO "members" VALUES('pairing-1','machine-1','repo-there','main',1,1777892400123456,1777895700123456,'');
INSERT INTO "members" VALUES('pairing-2','machine-2','repo-there','main',1,NULL,NULL,'');
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
INSERT INTO "pairings" VALUES('pairing-1','outgoing','Pairing pairing-1','pairing pairing-1','core-b','north','1.2.3','AB:CD',1,'-----BEGIN CERTIFICATE-----
',1777896000123456,'north.example',8006,'active',1,0,'unreachable','no answer',1777896060123456);
INSERT INTO "pairings" VALUES('pairing-2','incoming','Pairing pairing-2',NULL,'core-b','north','1.2.3','AB:CD',1,'-----BEGIN CERTIFICATE-----
',1777896000123456,'',0,'removed',1,0,'unreachable','no answer',NULL);
CREATE TABLE point_checks (
	point VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	verdict VARCHAR NOT NULL, 
	message VARCHAR NOT NULL, 
	time_us BIGINT NOT NULL, 
	job VARCHAR NOT NULL, 
	CONSTRAINT pk_point_checks PRIMARY KEY (point, name), 
	CONSTRAINT fk_point_checks_point FOREIGN KEY(point) REFERENCES points (id) ON DELETE CASCADE
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
INSERT INTO "points" VALUES('9e3779b97f4a7c150000000000000000','machine-1',1777896000123456,'core-a','record-9e3779b97f4a7c150000000000000000',12.5,2,'base',2199023255552,8);
INSERT INTO "points" VALUES('3c6ef372fe94f82a0000000000000000','machine-1',1777899600123456,'core-a','record-3c6ef372fe94f82a0000000000000000',12.5,2,'incremental',2199023255552,8);
INSERT INTO "points" VALUES('daa66d2c7ddf743f0000000000000000','machine-2',1777903200123456,'core-a','',12.5,2,'incremental',1099511627776,4);
CREATE TABLE removed_images (
	image VARCHAR NOT NULL, 
	machine VARCHAR NOT NULL, 
	removed_us BIGINT NOT NULL, 
	CONSTRAINT pk_removed_images PRIMARY KEY (image), 
	CONSTRAINT fk_removed_images_machine FOREIGN KEY(machine) REFERENCES machines (id) ON DELETE CASCADE
);
CREATE TABLE repositories (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	name_key VARCHAR NOT NULL, 
	path VARCHAR NOT NULL, 
	created_us BIGINT NOT NULL, 
	is_default BOOLEAN NOT NULL, 
	limit_bytes BIGINT, 
	unreferenced_bytes BIGINT, 
	looked_us BIGINT, 
	CONSTRAINT pk_repositories PRIMARY KEY (id), 
	CONSTRAINT uq_repositories_name_key UNIQUE (name_key)
);
INSERT INTO "repositories" VALUES('repo-1','Repository repo-1','repository repo-1','/srv/repo-1',1777896000123456,1,NULL,NULL,NULL);
INSERT INTO "repositories" VALUES('repo-2','Repository repo-2','repository repo-2','/srv/repo-2',1777896000123456,0,NULL,NULL,NULL);
CREATE TABLE retention (
	machine VARCHAR NOT NULL, 
	policy VARCHAR NOT NULL, 
	CONSTRAINT pk_retention PRIMARY KEY (machine), 
	CONSTRAINT fk_retention_machine FOREIGN KEY(machine) REFERENCES machines (id) ON DELETE CASCADE
);
CREATE TABLE seed_images (
	seed VARCHAR NOT NULL, 
	image VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	arrived BOOLEAN NOT NULL, 
	CONSTRAINT pk_seed_images PRIMARY KEY (seed, image), 
	CONSTRAINT fk_seed_images_seed FOREIGN KEY(seed) REFERENCES seeds (id) ON DELETE CASCADE
);
INSERT INTO "seed_images" VALUES('5eed0001','b',0,0);
INSERT INTO "seed_images" VALUES('5eed0001','a',1,1);
INSERT INTO "seed_images" VALUES('5eed0001','c',2,0);
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
INSERT INTO "seeds" VALUES('5eed0001','pairing-1','outgoing','outstanding',1777896000123456,'Blue 1','c-7','/media/blue',1777897800123456,NULL,'[{"number": 1, "file": "0001.seg", "medium": 1, "bytes": 4294967296, "digest": "d1"}, {"number": 2, "file": "0002.seg", "medium": 2, "bytes": 77, "digest": "d2"}]',3,8589934592,1777291200123456,1777809600123456);
INSERT INTO "seeds" VALUES('5eed0002','','incoming','defined',1777896000123456,'Blue 1','c-7','/media/blue',NULL,NULL,'[]',3,8589934592,NULL,NULL);
CREATE TABLE settings (
	"key" VARCHAR NOT NULL, 
	value VARCHAR NOT NULL, 
	CONSTRAINT pk_settings PRIMARY KEY ("key")
);
INSERT INTO "settings" VALUES('zone','Europe/Berlin');
CREATE TABLE unfinished_roots (
	repository VARCHAR NOT NULL, 
	root VARCHAR NOT NULL, 
	since_us BIGINT NOT NULL, 
	CONSTRAINT pk_unfinished_roots PRIMARY KEY (repository, root), 
	CONSTRAINT fk_unfinished_roots_repository FOREIGN KEY(repository) REFERENCES repositories (id) ON DELETE CASCADE
);
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
INSERT INTO "users" VALUES('user-Ada','Ada','ada','technician','$argon2id$v=19$…',1777896000123456);
INSERT INTO "users" VALUES('user-Straße','Straße','strasse','administrator','$argon2id$v=19$…',1777896000123456);
CREATE TABLE wishes (
	pairing VARCHAR NOT NULL, 
	image VARCHAR NOT NULL, 
	asked_us BIGINT NOT NULL, 
	CONSTRAINT pk_wishes PRIMARY KEY (pairing, image), 
	CONSTRAINT fk_wishes_pairing FOREIGN KEY(pairing) REFERENCES pairings (id) ON DELETE CASCADE
);
INSERT INTO "wishes" VALUES('pairing-2','far',1777896000123456);
INSERT INTO "wishes" VALUES('pairing-2','b',1777896000123456);
CREATE INDEX ix_machines_next_due_us ON machines (next_due_us);
CREATE INDEX ix_pairings_peer_fingerprint ON pairings (peer_fingerprint);
CREATE INDEX ix_seeds_created_us_id ON seeds (created_us, id);
CREATE INDEX ix_jobs_subject_created_us_id ON jobs (subject, created_us, id);
CREATE INDEX ix_jobs_created_us_id ON jobs (created_us, id);
CREATE INDEX ix_jobs_state_created_us_id ON jobs (state, created_us, id);
CREATE INDEX ix_jobs_kind_created_us_id ON jobs (kind, created_us, id);
CREATE INDEX ix_events_severity_time_us_id ON events (severity, time_us, id);
CREATE INDEX ix_events_time_us_id ON events (time_us, id);
CREATE INDEX ix_points_time_us_id_kind_size_bytes_new ON points (time_us, id, kind, size, bytes_new);
CREATE INDEX ix_points_bytes_new_id_time_us_kind_machine ON points (bytes_new, id, time_us, kind, machine);
CREATE INDEX ix_points_machine_time_us_id_kind_size_bytes_new ON points (machine, time_us, id, kind, size, bytes_new);
CREATE INDEX ix_points_size_id_time_us_kind_machine ON points (size, id, time_us, kind, machine);
CREATE INDEX ix_members_machine ON members (machine);
CREATE INDEX ix_seed_images_image ON seed_images (image);
CREATE INDEX ix_removed_images_machine ON removed_images (machine);
CREATE INDEX ix_images_parent ON images (parent);
CREATE INDEX ix_images_point ON images (point);
CREATE INDEX ix_images_machine_time_us_id ON images (machine, time_us, id);
CREATE INDEX ix_flaws_machine ON flaws (machine);
COMMIT;
