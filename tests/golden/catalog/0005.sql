BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0005');
CREATE TABLE approvals (
	id VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	subject JSON NOT NULL, 
	text VARCHAR NOT NULL, 
	asked_by VARCHAR NOT NULL, 
	asked_us BIGINT NOT NULL, 
	until_us BIGINT NOT NULL, 
	state VARCHAR NOT NULL, 
	decided_by VARCHAR NOT NULL, 
	decided_us BIGINT, 
	CONSTRAINT pk_approvals PRIMARY KEY (id)
);
INSERT INTO "approvals" VALUES('approval-1','delete','{"points": ["p1"]}','Delete one point.','Ada',1777896000123456,1778068800123456,'open','',NULL);
INSERT INTO "approvals" VALUES('approval-2','delete','{"points": ["p1"]}','Delete one point.','Ada',1777896000123456,1778068800123456,'granted','Bob',1777899600123456);
CREATE TABLE base_holds (
	image VARCHAR NOT NULL, 
	pairing VARCHAR NOT NULL, 
	machine VARCHAR NOT NULL, 
	noticed_us BIGINT NOT NULL, 
	bytes BIGINT NOT NULL, 
	reason VARCHAR NOT NULL, 
	decision VARCHAR NOT NULL, 
	until_us BIGINT, 
	by_user VARCHAR NOT NULL, 
	CONSTRAINT pk_base_holds PRIMARY KEY (image, pairing), 
	CONSTRAINT fk_base_holds_pairing FOREIGN KEY(pairing) REFERENCES pairings (id) ON DELETE CASCADE
);
INSERT INTO "base_holds" VALUES('i-1','pairing-3','machine-1',1777896000123456,1099511627776,'key-changed','defer',1777982400123456,'Ada');
CREATE TABLE bin (
	point VARCHAR NOT NULL, 
	machine VARCHAR NOT NULL, 
	repository VARCHAR NOT NULL, 
	record VARCHAR NOT NULL, 
	images JSON NOT NULL, 
	removed_us BIGINT NOT NULL, 
	until_us BIGINT NOT NULL, 
	by_user VARCHAR NOT NULL, 
	reason VARCHAR NOT NULL, 
	bytes BIGINT NOT NULL, 
	CONSTRAINT pk_bin PRIMARY KEY (point)
);
INSERT INTO "bin" VALUES('p9','machine-1','repo-1','record-p9','[{"id": "p9.0", "here": true}]',1777896000123456,1778500800123456,'Ada','too old',8589934592);
CREATE TABLE burials (
	point VARCHAR NOT NULL, 
	repository VARCHAR NOT NULL, 
	removed_us BIGINT NOT NULL, 
	CONSTRAINT pk_burials PRIMARY KEY (point, repository)
);
CREATE TABLE certificates (
	fingerprint VARCHAR NOT NULL, 
	pairing VARCHAR NOT NULL, 
	pem VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	since_us BIGINT NOT NULL, 
	until_us BIGINT, 
	CONSTRAINT pk_certificates PRIMARY KEY (fingerprint, pairing), 
	CONSTRAINT fk_certificates_pairing FOREIGN KEY(pairing) REFERENCES pairings (id) ON DELETE CASCADE
);
INSERT INTO "certificates" VALUES('AB:CD','pairing-1','-----BEGIN CERTIFICATE-----
','current',1777896000123456,NULL);
INSERT INTO "certificates" VALUES('AB:CD','pairing-2','-----BEGIN CERTIFICATE-----
','current',1777896000123456,NULL);
INSERT INTO "certificates" VALUES('AB:CD','pairing-3','-----BEGIN CERTIFICATE-----
','current',1777896000123456,NULL);
INSERT INTO "certificates" VALUES('EF:01','pairing-3','PEM','previous',1777896000123456,1780488000123456);
CREATE TABLE cluster_machines (
	cluster VARCHAR NOT NULL, 
	machine VARCHAR NOT NULL, 
	CONSTRAINT pk_cluster_machines PRIMARY KEY (cluster, machine), 
	CONSTRAINT fk_cluster_machines_cluster FOREIGN KEY(cluster) REFERENCES clusters (id) ON DELETE CASCADE, 
	CONSTRAINT uq_cluster_machines_machine UNIQUE (machine)
);
INSERT INTO "cluster_machines" VALUES('c1a57e01','machine-1');
INSERT INTO "cluster_machines" VALUES('c1a57e01','machine-2');
CREATE TABLE clusters (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	name_key VARCHAR NOT NULL, 
	created_us BIGINT NOT NULL, 
	origin_core VARCHAR NOT NULL, 
	CONSTRAINT pk_clusters PRIMARY KEY (id), 
	CONSTRAINT uq_clusters_name_key UNIQUE (name_key)
);
INSERT INTO "clusters" VALUES('c1a57e01','Cluster c1a57e01','cluster c1a57e01',1777896000123456,'core-a');
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
CREATE TABLE departures (
	pairing VARCHAR NOT NULL, 
	machine VARCHAR NOT NULL, 
	at_us BIGINT NOT NULL, 
	side VARCHAR NOT NULL, 
	delete_points BOOLEAN NOT NULL, 
	told BOOLEAN NOT NULL, 
	user_name VARCHAR NOT NULL, 
	CONSTRAINT pk_departures PRIMARY KEY (pairing, machine)
);
INSERT INTO "departures" VALUES('pairing-9','machine-1',1777896000123456,'incoming',1,0,'Ada');
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
CREATE TABLE invitations (
	id VARCHAR NOT NULL, 
	code_hash VARCHAR NOT NULL, 
	tenant VARCHAR NOT NULL, 
	rights JSON NOT NULL, 
	created_us BIGINT NOT NULL, 
	created_by VARCHAR NOT NULL, 
	expires_us BIGINT NOT NULL, 
	used_us BIGINT, 
	used_by VARCHAR NOT NULL, 
	revoked_us BIGINT, 
	note VARCHAR NOT NULL, 
	CONSTRAINT pk_invitations PRIMARY KEY (id), 
	CONSTRAINT uq_invitations_code_hash UNIQUE (code_hash)
);
INSERT INTO "invitations" VALUES('invitation-1','hash of invitation-1','tenant-1','{"machines": 3}',1777896000123456,'Ada',1778500800123456,NULL,'',NULL,'for Eve');
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
	part VARCHAR DEFAULT '' NOT NULL, 
	priority INTEGER DEFAULT 5 NOT NULL, 
	parent VARCHAR DEFAULT '' NOT NULL, 
	CONSTRAINT pk_jobs PRIMARY KEY (id)
);
INSERT INTO "jobs" VALUES('j0b00001','backup','machine-1','succeeded','schedule',1777896000123456,'it was due','Ada',1777896001123456,1777896009123456,'{"phase": "Reading", "bytes_done": 7, "bytes_total": 10, "items_done": 1, "items_total": null, "rate_bps": 1.5, "eta_s": 2.5, "text": "a file"}','{"point": "p", "images": [{"volume": "data", "bytes_new": 2199023255552}], "ratio": 0.5, "none": null}','{"code": "medium-full", "message": "The medium is full.", "hint": "Use another.", "kind": "failed", "about": ""}','[["unreadable", "A file could not be read."], ["vanished", "\u201cx\u201d is gone."]]',2,'machine-1',8,'j0b00000');
INSERT INTO "jobs" VALUES('j0b00002','backup','machine-1','queued','schedule',1777896000123456,'it was due','Ada',NULL,NULL,'{"phase": "Reading", "bytes_done": 7, "bytes_total": 10, "items_done": 1, "items_total": null, "rate_bps": 1.5, "eta_s": 2.5, "text": "a file"}',NULL,NULL,'[]',2,'machine-1',8,'j0b00000');
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
	via JSON DEFAULT '[]' NOT NULL, 
	CONSTRAINT pk_machines PRIMARY KEY (id), 
	CONSTRAINT uq_machines_name_key UNIQUE (name_key)
);
INSERT INTO "machines" VALUES('machine-1','Machine machine-1','machine machine-1','protected','core-a','north','repo-1','[{"id": "vol-1", "label": "data", "path": "/srv/\u00e4\\xff", "source": "tree"}, {"id": "vol-2", "label": "home", "path": "/home", "source": "image"}]',1777896000123456,900,'["*.tmp", "cache/**"]',0,1777899600123456,'','{"one_file_system": true, "caches": false, "markers": [], "before": "", "after": "", "command_timeout_s": 300, "snapshot": true}','[]');
INSERT INTO "machines" VALUES('machine-2','Machine machine-2','machine machine-2','replicated','core-a','north','repo-1','[]',1777896000123456,0,'[]',0,NULL,'','{"one_file_system": true, "caches": false, "markers": [], "before": "", "after": "", "command_timeout_s": 300, "snapshot": true}','[]');
CREATE TABLE measurements (
	pairing VARCHAR NOT NULL, 
	time_us BIGINT NOT NULL, 
	up_bps FLOAT NOT NULL, 
	rtt_ms FLOAT NOT NULL, 
	bytes BIGINT NOT NULL, 
	how VARCHAR NOT NULL, 
	CONSTRAINT pk_measurements PRIMARY KEY (pairing, time_us), 
	CONSTRAINT fk_measurements_pairing FOREIGN KEY(pairing) REFERENCES pairings (id) ON DELETE CASCADE
);
INSERT INTO "measurements" VALUES('pairing-3',1777896000123456,3000000.0,42.5,16777216,'probe');
CREATE TABLE members (
	pairing VARCHAR NOT NULL, 
	machine VARCHAR NOT NULL, 
	repository VARCHAR NOT NULL, 
	repository_name VARCHAR NOT NULL, 
	paused BOOLEAN NOT NULL, 
	last_point_us BIGINT, 
	last_sent_us BIGINT, 
	retention VARCHAR DEFAULT '' NOT NULL, 
	priority INTEGER DEFAULT 5 NOT NULL, 
	schedule JSON, 
	promise VARCHAR, 
	speed JSON, 
	paused_since_us BIGINT, 
	paused_by VARCHAR DEFAULT '' NOT NULL, 
	there_paused BOOLEAN DEFAULT false NOT NULL, 
	there_paused_since_us BIGINT, 
	there_paused_by VARCHAR DEFAULT '' NOT NULL, 
	require_copy BOOLEAN DEFAULT false NOT NULL, 
	lag_objective_s BIGINT, 
	late_since_us BIGINT, 
	there JSON DEFAULT '{}' NOT NULL, 
	held_digest VARCHAR DEFAULT '' NOT NULL, 
	keep VARCHAR DEFAULT 'own' NOT NULL, 
	keep_fixed VARCHAR DEFAULT '' NOT NULL, 
	source_retention VARCHAR DEFAULT '' NOT NULL, 
	via JSON DEFAULT '[]' NOT NULL, 
	policy VARCHAR DEFAULT '' NOT NULL, 
	CONSTRAINT pk_members PRIMARY KEY (pairing, machine), 
	CONSTRAINT fk_members_pairing FOREIGN KEY(pairing) REFERENCES pairings (id) ON DELETE CASCADE
);
INSERT INTO "members" VALUES('pairing-1','machine-1','repo-there','main',1,1777892400123456,1777895700123456,'',5,NULL,NULL,NULL,NULL,'',0,NULL,'',0,NULL,NULL,'{}','','own','','','[]','');
INSERT INTO "members" VALUES('pairing-2','machine-2','repo-there','main',1,NULL,NULL,'',5,NULL,NULL,NULL,NULL,'',0,NULL,'',0,NULL,NULL,'{}','','own','','','[]','');
INSERT INTO "members" VALUES('pairing-3','machine-1','repo-there','main',1,1777892400123456,1777895700123456,'daily 7',9,'{"kind": "daily", "from": "22:00", "to": "06:00"}','start','[]',1777892400123456,'Ada',1,1777888800123456,'Bob',1,900,1777895940123456,'{"restorability": "volume"}','d16e57','fixed','daily 3','daily 30','[["core-a", "office"], ["core-b", "north"]]','policy-1');
CREATE TABLE operations (
	id VARCHAR NOT NULL, 
	policy VARCHAR NOT NULL, 
	point VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	target VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	attempts INTEGER NOT NULL, 
	next_us BIGINT, 
	code VARCHAR NOT NULL, 
	message VARCHAR NOT NULL, 
	started_us BIGINT, 
	ended_us BIGINT, 
	CONSTRAINT pk_operations PRIMARY KEY (id), 
	CONSTRAINT fk_operations_policy FOREIGN KEY(policy) REFERENCES policies (id) ON DELETE CASCADE
);
INSERT INTO "operations" VALUES('operation-1','90110001','9e3779b97f4a7c150000000000000000',2,'forward','pairing-1','waiting',3,1777899600123456,'target-unreachable','It is away.',1777896000123456,1777896060123456);
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
	paused_since_us BIGINT, 
	paused_by VARCHAR DEFAULT '' NOT NULL, 
	paused_note VARCHAR DEFAULT '' NOT NULL, 
	there_paused_since_us BIGINT, 
	there_paused_by VARCHAR DEFAULT '' NOT NULL, 
	link_since_us BIGINT, 
	schedule JSON DEFAULT '{"kind": "always"}' NOT NULL, 
	promise VARCHAR DEFAULT 'start' NOT NULL, 
	speed JSON DEFAULT '[]' NOT NULL, 
	settings JSON DEFAULT '{}' NOT NULL, 
	tenant VARCHAR DEFAULT '' NOT NULL, 
	email VARCHAR DEFAULT '' NOT NULL, 
	customer_id VARCHAR DEFAULT '' NOT NULL, 
	comment VARCHAR DEFAULT '' NOT NULL, 
	skew_s FLOAT, 
	there JSON DEFAULT '{}' NOT NULL, 
	speaks JSON DEFAULT '[]' NOT NULL, 
	CONSTRAINT pk_pairings PRIMARY KEY (id), 
	CONSTRAINT uq_pairings_name_key UNIQUE (name_key)
);
INSERT INTO "pairings" VALUES('pairing-1','outgoing','Pairing pairing-1','pairing pairing-1','core-b','north','1.2.3','AB:CD',1,'-----BEGIN CERTIFICATE-----
',1777896000123456,'north.example',8006,'active',1,0,'unreachable','no answer',1777896060123456,NULL,'','',NULL,'',NULL,'{"kind": "always"}','start','[]','{}','','','','',NULL,'{}','[]');
INSERT INTO "pairings" VALUES('pairing-2','incoming','Pairing pairing-2',NULL,'core-b','north','1.2.3','AB:CD',1,'-----BEGIN CERTIFICATE-----
',1777896000123456,'',0,'removed',1,0,'unreachable','no answer',NULL,NULL,'','',NULL,'',NULL,'{"kind": "always"}','start','[]','{}','','','','',NULL,'{}','[]');
INSERT INTO "pairings" VALUES('pairing-3','outgoing','Pairing pairing-3','pairing pairing-3','core-b','north','1.2.3','AB:CD',1,'-----BEGIN CERTIFICATE-----
',1777896000123456,'north.example',8006,'active',1,0,'unreachable','no answer',1777896060123456,1777892400123456,'Ada','the line is needed',1777888800123456,'Bob',1777895820123456,'{"kind": "daily", "from": "22:00", "to": "06:00"}','run','[{"days": [0, 1], "bps": 1048576}]','{"streams": 2, "sample_share": 0.5}','tenant-1','ada@example.org','c-7','pays',-1.5,'{"free": 1099511627776}','["inline", "probe"]');
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
CREATE TABLE policies (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	name_key VARCHAR NOT NULL, 
	enabled BOOLEAN NOT NULL, 
	body JSON NOT NULL, 
	created_us BIGINT NOT NULL, 
	changed_us BIGINT NOT NULL, 
	CONSTRAINT pk_policies PRIMARY KEY (id), 
	CONSTRAINT uq_policies_name_key UNIQUE (name_key)
);
INSERT INTO "policies" VALUES('90110001','Policy 90110001','policy 90110001',1,'{"operations": [{"kind": "replicate", "to": ["pairing-1"]}]}',1777896000123456,1777982400123456);
CREATE TABLE policy_machines (
	policy VARCHAR NOT NULL, 
	machine VARCHAR NOT NULL, 
	CONSTRAINT pk_policy_machines PRIMARY KEY (policy, machine), 
	CONSTRAINT fk_policy_machines_policy FOREIGN KEY(policy) REFERENCES policies (id) ON DELETE CASCADE, 
	CONSTRAINT uq_policy_machines_machine UNIQUE (machine)
);
INSERT INTO "policy_machines" VALUES('90110001','machine-1');
CREATE TABLE removed_images (
	image VARCHAR NOT NULL, 
	machine VARCHAR NOT NULL, 
	removed_us BIGINT NOT NULL, 
	CONSTRAINT pk_removed_images PRIMARY KEY (image), 
	CONSTRAINT fk_removed_images_machine FOREIGN KEY(machine) REFERENCES machines (id) ON DELETE CASCADE
);
CREATE TABLE replicas (
	point VARCHAR NOT NULL, 
	pairing VARCHAR NOT NULL, 
	machine VARCHAR NOT NULL, 
	time_us BIGINT NOT NULL, 
	state VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	description VARCHAR NOT NULL, 
	asked_us BIGINT, 
	asked_by VARCHAR NOT NULL, 
	sent_us BIGINT, 
	ended_us BIGINT, 
	code VARCHAR NOT NULL, 
	message VARCHAR NOT NULL, 
	attempts INTEGER NOT NULL, 
	next_us BIGINT, 
	policy VARCHAR NOT NULL, 
	CONSTRAINT pk_replicas PRIMARY KEY (point, pairing), 
	CONSTRAINT fk_replicas_pairing FOREIGN KEY(pairing) REFERENCES pairings (id) ON DELETE CASCADE
);
INSERT INTO "replicas" VALUES('9e3779b97f4a7c150000000000000000','pairing-3','machine-1',1777896000123456,'failed','for-the-audit','Asked for by the auditor.',1777896060123456,'Ada',1777896120123456,1777896180123456,'target-full','There is no room.',4,1777899600123456,'policy-1');
INSERT INTO "replicas" VALUES('3c6ef372fe94f82a0000000000000000','pairing-3','machine-1',1777899600123456,'there','','',NULL,'',NULL,1777903200123456,'','',0,NULL,'');
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
	owner VARCHAR DEFAULT '' NOT NULL, 
	parent VARCHAR DEFAULT '' NOT NULL, 
	CONSTRAINT pk_repositories PRIMARY KEY (id), 
	CONSTRAINT uq_repositories_name_key UNIQUE (name_key)
);
INSERT INTO "repositories" VALUES('repo-1','Repository repo-1','repository repo-1','/srv/repo-1',1777896000123456,1,NULL,NULL,NULL,'','');
INSERT INTO "repositories" VALUES('repo-2','Repository repo-2','repository repo-2','/srv/repo-2',1777896000123456,0,NULL,NULL,NULL,'','');
CREATE TABLE requests (
	id VARCHAR NOT NULL, 
	direction VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	host VARCHAR NOT NULL, 
	port INTEGER NOT NULL, 
	peer_id VARCHAR NOT NULL, 
	peer_name VARCHAR NOT NULL, 
	peer_version VARCHAR NOT NULL, 
	peer_fingerprint VARCHAR NOT NULL, 
	peer_protocol INTEGER NOT NULL, 
	certificate VARCHAR NOT NULL, 
	email VARCHAR NOT NULL, 
	customer_id VARCHAR NOT NULL, 
	machines JSON NOT NULL, 
	invitation VARCHAR NOT NULL, 
	nonce VARCHAR NOT NULL, 
	created_us BIGINT NOT NULL, 
	expires_us BIGINT NOT NULL, 
	reminded_us BIGINT, 
	answered_us BIGINT, 
	comment VARCHAR NOT NULL, 
	pairing VARCHAR NOT NULL, 
	replaces VARCHAR NOT NULL, 
	CONSTRAINT pk_requests PRIMARY KEY (id)
);
INSERT INTO "requests" VALUES('request-1','incoming','pending','shop.example',8006,'core-c','shop','1.2.3','23:45',1,'PEM','eve@example.org','c-9','[{"id": "m", "name": "till"}]','invitation-1','n0nce',1777896000123456,1779105600123456,1778155200123456,1778241600123456,'Welcome.','pairing-2','pairing-1');
CREATE TABLE retention (
	machine VARCHAR NOT NULL, 
	policy VARCHAR NOT NULL, 
	CONSTRAINT pk_retention PRIMARY KEY (machine), 
	CONSTRAINT fk_retention_machine FOREIGN KEY(machine) REFERENCES machines (id) ON DELETE CASCADE
);
CREATE TABLE samples (
	pairing VARCHAR NOT NULL, 
	machine VARCHAR NOT NULL, 
	day VARCHAR NOT NULL, 
	objects BIGINT NOT NULL, 
	bytes BIGINT NOT NULL, 
	bad BIGINT NOT NULL, 
	seconds FLOAT NOT NULL, 
	CONSTRAINT pk_samples PRIMARY KEY (pairing, machine, day), 
	CONSTRAINT fk_samples_pairing FOREIGN KEY(pairing) REFERENCES pairings (id) ON DELETE CASCADE
);
INSERT INTO "samples" VALUES('pairing-3','machine-1','2026-05-04',1000,8589934592,1,2.5);
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
CREATE TABLE tenants (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	name_key VARCHAR NOT NULL, 
	email VARCHAR NOT NULL, 
	customer_id VARCHAR NOT NULL, 
	quota_bytes BIGINT, 
	machines_max INTEGER, 
	state VARCHAR NOT NULL, 
	created_us BIGINT NOT NULL, 
	comment VARCHAR NOT NULL, 
	CONSTRAINT pk_tenants PRIMARY KEY (id), 
	CONSTRAINT uq_tenants_name_key UNIQUE (name_key)
);
INSERT INTO "tenants" VALUES('7e4a4701','Tenant 7e4a4701','tenant 7e4a4701','eve@example.org','c-9',1099511627776,5,'suspended',1777896000123456,'owes');
CREATE TABLE transfers (
	pairing VARCHAR NOT NULL, 
	machine VARCHAR NOT NULL, 
	bucket_us BIGINT NOT NULL, 
	sent BIGINT NOT NULL, 
	received BIGINT NOT NULL, 
	seconds FLOAT NOT NULL, 
	CONSTRAINT pk_transfers PRIMARY KEY (pairing, machine, bucket_us), 
	CONSTRAINT fk_transfers_pairing FOREIGN KEY(pairing) REFERENCES pairings (id) ON DELETE CASCADE
);
INSERT INTO "transfers" VALUES('pairing-3','machine-1',1777896000123456,8589934592,7,12.5);
CREATE TABLE unfinished_roots (
	repository VARCHAR NOT NULL, 
	root VARCHAR NOT NULL, 
	since_us BIGINT NOT NULL, 
	CONSTRAINT pk_unfinished_roots PRIMARY KEY (repository, root), 
	CONSTRAINT fk_unfinished_roots_repository FOREIGN KEY(repository) REFERENCES repositories (id) ON DELETE CASCADE
);
CREATE TABLE usage (
	tenant VARCHAR NOT NULL, 
	day VARCHAR NOT NULL, 
	repository VARCHAR NOT NULL, 
	stored_bytes BIGINT NOT NULL, 
	points BIGINT NOT NULL, 
	machines BIGINT NOT NULL, 
	received_bytes BIGINT NOT NULL, 
	CONSTRAINT pk_usage PRIMARY KEY (tenant, day, repository)
);
INSERT INTO "usage" VALUES('7e4a4701','2026-05-04','repo-1',1099511627776,12,3,1048576);
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
CREATE INDEX ix_seeds_created_us_id ON seeds (created_us, id);
CREATE INDEX ix_jobs_created_us_id ON jobs (created_us, id);
CREATE INDEX ix_jobs_kind_created_us_id ON jobs (kind, created_us, id);
CREATE INDEX ix_jobs_parent ON jobs (parent);
CREATE INDEX ix_jobs_state_created_us_id ON jobs (state, created_us, id);
CREATE INDEX ix_jobs_subject_created_us_id ON jobs (subject, created_us, id);
CREATE INDEX ix_events_severity_time_us_id ON events (severity, time_us, id);
CREATE INDEX ix_events_time_us_id ON events (time_us, id);
CREATE INDEX ix_pairings_peer_fingerprint ON pairings (peer_fingerprint);
CREATE INDEX ix_requests_direction_state_created_us ON requests (direction, state, created_us);
CREATE INDEX ix_bin_machine ON bin (machine);
CREATE INDEX ix_bin_until_us ON bin (until_us);
CREATE INDEX ix_approvals_state_asked_us ON approvals (state, asked_us);
CREATE INDEX ix_points_bytes_new_id_time_us_kind_machine ON points (bytes_new, id, time_us, kind, machine);
CREATE INDEX ix_points_size_id_time_us_kind_machine ON points (size, id, time_us, kind, machine);
CREATE INDEX ix_points_machine_time_us_id_kind_size_bytes_new ON points (machine, time_us, id, kind, size, bytes_new);
CREATE INDEX ix_points_time_us_id_kind_size_bytes_new ON points (time_us, id, kind, size, bytes_new);
CREATE INDEX ix_seed_images_image ON seed_images (image);
CREATE INDEX ix_removed_images_machine ON removed_images (machine);
CREATE INDEX ix_members_machine ON members (machine);
CREATE INDEX ix_replicas_pairing_state_time_us ON replicas (pairing, state, time_us);
CREATE INDEX ix_replicas_machine_pairing_time_us ON replicas (machine, pairing, time_us);
CREATE INDEX ix_certificates_pairing ON certificates (pairing);
CREATE INDEX ix_operations_point ON operations (point);
CREATE INDEX ix_operations_state_next_us ON operations (state, next_us);
CREATE INDEX ix_images_point ON images (point);
CREATE INDEX ix_images_parent ON images (parent);
CREATE INDEX ix_images_machine_time_us_id ON images (machine, time_us, id);
CREATE INDEX ix_flaws_machine ON flaws (machine);
COMMIT;
