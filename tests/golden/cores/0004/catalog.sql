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
INSERT INTO "events" VALUES('4aa871d7dc8a4828b7123349366e9fb0',1777896000000000,'info','paired','“source” (127.0.0.1) replicates to this Core from now on.','d3fd9497a8784e8e9dde5332a7149139',0,0,NULL,1);
INSERT INTO "events" VALUES('736609472a844ccebb939e9a6ead653d',1777896000000000,'info','key-created','The key “office” (UFTZNMPNFEEXOXWARYTBEWQXLG) was made.','05c81e8d97304f94ef967b3bcdd3d3ba',0,0,NULL,1);
INSERT INTO "events" VALUES('520a14b03b8346c29d3c750a61a4d2f8',1777921200000000,'info','replication-added','“source” replicates far here.','d3fd9497a8784e8e9dde5332a7149139',0,0,NULL,1);
CREATE TABLE flaws (
	image VARCHAR NOT NULL, 
	machine VARCHAR NOT NULL, 
	CONSTRAINT pk_flaws PRIMARY KEY (image), 
	CONSTRAINT fk_flaws_image FOREIGN KEY(image) REFERENCES images (id) ON DELETE CASCADE
);
INSERT INTO "flaws" VALUES('0a58e6c919c949819a595467e159ac57','0508452098604ba091b0d1b598fe032f');
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
INSERT INTO "images" VALUES('a8d61369366b4716a3fd62601a7f8051','de2e3ccba8894bb6905385c080ca2c97',0,'8bd274723faa4e04a5588cce26d2c9a6',1777899600000000,'c2798dcc7e0045fe86f57f762555f6dc','tree','base','first',NULL,'fc74edbcd4120fa22dd35c5fb7287614513bcbf695ad56d5e45ea591d6885699',926315,34507,35502,23131,8,1,0,NULL,'4bbd87c7ce69400489db04ff36325f4f',1,1,0,'');
INSERT INTO "images" VALUES('7d35ec8b8f0643f6ab6585d5f2167736','bd2fcd16ea824fb0bbd5830f1c1540cd',0,'2db92c6b37e84f9f9a530ac27e682126',1777903200000000,'570b2037df31426a9a469f3a39ee05e3','tree','base','first',NULL,'6fa4d04bb0ae89968f778332030417f46526ad28c93766ac7bb38d3daf4da334',14200,14200,14613,10097,2,1,0,NULL,'4bbd87c7ce69400489db04ff36325f4f',1,1,0,'05c81e8d97304f94ef967b3bcdd3d3ba');
INSERT INTO "images" VALUES('107e572a60a54768b37afaa6545d8e32','6c861c006a6c4d17a429bf62d7a687de',0,'c99fe64651874a46b2ac0035d2d4dd19',1777906800000000,'cc470d4b06d14b6dba3042797886a3c8','disk','base','first',NULL,'3ad2a1d4528e96345960da04dc6587d81cd5e8222bbb5b03b97f41dc2b4973b1',6291456,262144,262363,4325,1,0,0,NULL,'4bbd87c7ce69400489db04ff36325f4f',1,1,0,'');
INSERT INTO "images" VALUES('f2089118745e4a63a06edcb2d009ff95','6c861c006a6c4d17a429bf62d7a687de',1,'c99fe64651874a46b2ac0035d2d4dd19',1777906800000000,'ef58fcbefbde483ea6c860dbcf427640','db','base','first',NULL,'69ccc4b0d2ada02def04f4955c2fe8d6f1d3fc35f4a9af4835f4058a58efd694',20000,20000,20110,289,1,0,0,NULL,'4bbd87c7ce69400489db04ff36325f4f',1,1,0,'');
INSERT INTO "images" VALUES('3ee92317a3f4454ea937cda9702fa197','af35dd4d2d7042cd856dd5425c0d2a82',0,'8bd274723faa4e04a5588cce26d2c9a6',1777910400000000,'c2798dcc7e0045fe86f57f762555f6dc','tree','incremental',NULL,'a8d61369366b4716a3fd62601a7f8051','f0e6eebb0bb5a0ab25f463526903afde9e47d75fefde90ae0a5f28863bb08c1f',929315,29300,24051,24064,8,1,0,'fc74edbcd4120fa22dd35c5fb7287614513bcbf695ad56d5e45ea591d6885699','4bbd87c7ce69400489db04ff36325f4f',1,1,0,'');
INSERT INTO "images" VALUES('aae636b2aa684f1fb48c66cc5bcd673c','2168f785bfde40f5800980dc6eb785df',0,'2db92c6b37e84f9f9a530ac27e682126',1777914000000000,'570b2037df31426a9a469f3a39ee05e3','tree','incremental',NULL,'7d35ec8b8f0643f6ab6585d5f2167736','e2bb64632042f40a193324ea4a10cd317fedbcdf5066952674eaea2d27732f32',17200,3000,3414,866,3,1,0,'6fa4d04bb0ae89968f778332030417f46526ad28c93766ac7bb38d3daf4da334','4bbd87c7ce69400489db04ff36325f4f',1,1,0,'05c81e8d97304f94ef967b3bcdd3d3ba');
INSERT INTO "images" VALUES('2121c2db39684b41bd8241494618b69b','935bb01f5249497ca177298e2e99e7f3',0,'c99fe64651874a46b2ac0035d2d4dd19',1777917600000000,'cc470d4b06d14b6dba3042797886a3c8','disk','incremental',NULL,'107e572a60a54768b37afaa6545d8e32','85315322a0f239b6d7d07d1cab4904c3e635e0ee05d4c0d399550ca889870210',6291456,524288,262443,3343,1,0,0,'3ad2a1d4528e96345960da04dc6587d81cd5e8222bbb5b03b97f41dc2b4973b1','4bbd87c7ce69400489db04ff36325f4f',1,1,0,'');
INSERT INTO "images" VALUES('4f616dfe4f4f4839822588010cb6b7a8','935bb01f5249497ca177298e2e99e7f3',1,'c99fe64651874a46b2ac0035d2d4dd19',1777917600000000,'ef58fcbefbde483ea6c860dbcf427640','db','incremental',NULL,'f2089118745e4a63a06edcb2d009ff95','7e69490060a712d5da6e074ee1754df4e75b213b176b96510684ccf29f74b1a9',40000,40000,40110,290,1,0,0,'69ccc4b0d2ada02def04f4955c2fe8d6f1d3fc35f4a9af4835f4058a58efd694','4bbd87c7ce69400489db04ff36325f4f',1,1,0,'');
INSERT INTO "images" VALUES('0a58e6c919c949819a595467e159ac57','c6e8ac58a85747209449e4872ab53439',0,'0508452098604ba091b0d1b598fe032f',1777924800000000,'5b5f3944a3fc47fa93368d01587924a8','tree','incremental',NULL,'ca7dc6557ae7488aa9fddaf7e2b405a0','765c361036774ccaf1713f791c4cdf4af6efefea0e5c8016c31d80908a57aed2',14800,2200,2614,588,3,1,0,'8259bd39cca01d4b68a02f73cf61d3fa9920aecaadc887b8964a99e59ce0bc62','4bbd87c7ce69400489db04ff36325f4f',1,1,0,'');
CREATE TABLE job_log (
	job VARCHAR NOT NULL, 
	number BIGINT NOT NULL, 
	time_us BIGINT NOT NULL, 
	text VARCHAR NOT NULL, 
	CONSTRAINT pk_job_log PRIMARY KEY (job, number), 
	CONSTRAINT fk_job_log_job FOREIGN KEY(job) REFERENCES jobs (id) ON DELETE CASCADE
);
INSERT INTO "job_log" VALUES('aa1e2547c1d14206b8fe124cde3796f5',1,1777899600000000,'Scanning and reading');
INSERT INTO "job_log" VALUES('aa1e2547c1d14206b8fe124cde3796f5',2,1777899600000000,'Volume “tree”: a base image (first).');
INSERT INTO "job_log" VALUES('c3e7731b74e642bd94c03c0bc74171e0',1,1777903200000000,'Scanning and reading');
INSERT INTO "job_log" VALUES('c3e7731b74e642bd94c03c0bc74171e0',2,1777903200000000,'Volume “tree”: a base image (first).');
INSERT INTO "job_log" VALUES('1610b71758fc42bc9acee0f4da615618',1,1777906800000000,'Scanning and reading');
INSERT INTO "job_log" VALUES('1610b71758fc42bc9acee0f4da615618',2,1777906800000000,'Volume “disk”: a base image (first).');
INSERT INTO "job_log" VALUES('1610b71758fc42bc9acee0f4da615618',3,1777906800000000,'Volume “db”: a base image (first).');
INSERT INTO "job_log" VALUES('9b766fbc956e40a1a7e7582687c70c27',1,1777910400000000,'Scanning and reading');
INSERT INTO "job_log" VALUES('9d88804b727940c68a5daba355e982d9',1,1777914000000000,'Scanning and reading');
INSERT INTO "job_log" VALUES('4728e664552847e7a366a0432f68e30d',1,1777917600000000,'Scanning and reading');
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
INSERT INTO "jobs" VALUES('aa1e2547c1d14206b8fe124cde3796f5','backup','8bd274723faa4e04a5588cce26d2c9a6','succeeded','person',1777899600000000,'','',1777899600000000,1777899600000000,'{"phase": "Scanning and reading", "bytes_done": 926315, "bytes_total": null, "items_done": 9, "items_total": null, "rate_bps": null, "eta_s": null, "text": ""}','{"point": "de2e3ccba8894bb6905385c080ca2c97", "machine": "web", "time": "2026-05-04T13:00:00.000000Z", "images": [{"volume": "tree", "id": "a8d61369366b4716a3fd62601a7f8051", "kind": "base", "base_reason": "first", "bytes_read": 34507, "bytes_new": 35502, "bytes_stored": 23131, "size": 926315, "files": 8, "directories": 1, "files_unreadable": 0, "left_out": {"count": 0, "first": []}}], "duration_s": 0.0, "warnings": [], "warning_count": 0}',NULL,'[]',0);
INSERT INTO "jobs" VALUES('c3e7731b74e642bd94c03c0bc74171e0','backup','2db92c6b37e84f9f9a530ac27e682126','succeeded','person',1777903200000000,'','',1777903200000000,1777903200000000,'{"phase": "Scanning and reading", "bytes_done": 14200, "bytes_total": null, "items_done": 2, "items_total": null, "rate_bps": null, "eta_s": null, "text": ""}','{"point": "bd2fcd16ea824fb0bbd5830f1c1540cd", "machine": "letters", "time": "2026-05-04T14:00:00.000000Z", "images": [{"volume": "tree", "id": "7d35ec8b8f0643f6ab6585d5f2167736", "kind": "base", "base_reason": "first", "bytes_read": 14200, "bytes_new": 14613, "bytes_stored": 10097, "size": 14200, "files": 2, "directories": 1, "files_unreadable": 0, "left_out": {"count": 0, "first": []}}], "duration_s": 0.0, "warnings": [], "warning_count": 0}',NULL,'[]',0);
INSERT INTO "jobs" VALUES('1610b71758fc42bc9acee0f4da615618','backup','c99fe64651874a46b2ac0035d2d4dd19','succeeded','person',1777906800000000,'','',1777906800000000,1777906800000000,'{"phase": "Scanning and reading", "bytes_done": 6311456, "bytes_total": null, "items_done": 2, "items_total": null, "rate_bps": null, "eta_s": null, "text": ""}','{"point": "6c861c006a6c4d17a429bf62d7a687de", "machine": "vm", "time": "2026-05-04T15:00:00.000000Z", "images": [{"volume": "disk", "id": "107e572a60a54768b37afaa6545d8e32", "kind": "base", "base_reason": "first", "bytes_read": 262144, "bytes_new": 262363, "bytes_stored": 4325, "size": 6291456, "files": 1, "directories": 0, "files_unreadable": 0, "left_out": {"count": 0, "first": []}}, {"volume": "db", "id": "f2089118745e4a63a06edcb2d009ff95", "kind": "base", "base_reason": "first", "bytes_read": 20000, "bytes_new": 20110, "bytes_stored": 289, "size": 20000, "files": 1, "directories": 0, "files_unreadable": 0, "left_out": {"count": 0, "first": []}}], "duration_s": 0.0, "warnings": [], "warning_count": 0}',NULL,'[]',0);
INSERT INTO "jobs" VALUES('9b766fbc956e40a1a7e7582687c70c27','backup','8bd274723faa4e04a5588cce26d2c9a6','succeeded','person',1777910400000000,'','',1777910400000000,1777910400000000,'{"phase": "Scanning and reading", "bytes_done": 929315, "bytes_total": 926315, "items_done": 9, "items_total": 9, "rate_bps": null, "eta_s": null, "text": ""}','{"point": "af35dd4d2d7042cd856dd5425c0d2a82", "machine": "web", "time": "2026-05-04T16:00:00.000000Z", "images": [{"volume": "tree", "id": "3ee92317a3f4454ea937cda9702fa197", "kind": "incremental", "base_reason": null, "bytes_read": 29300, "bytes_new": 24051, "bytes_stored": 24064, "size": 929315, "files": 8, "directories": 1, "files_unreadable": 0, "left_out": {"count": 0, "first": []}}], "duration_s": 0.0, "warnings": [], "warning_count": 0}',NULL,'[]',0);
INSERT INTO "jobs" VALUES('9d88804b727940c68a5daba355e982d9','backup','2db92c6b37e84f9f9a530ac27e682126','succeeded','person',1777914000000000,'','',1777914000000000,1777914000000000,'{"phase": "Scanning and reading", "bytes_done": 17200, "bytes_total": 14200, "items_done": 3, "items_total": 2, "rate_bps": null, "eta_s": null, "text": ""}','{"point": "2168f785bfde40f5800980dc6eb785df", "machine": "letters", "time": "2026-05-04T17:00:00.000000Z", "images": [{"volume": "tree", "id": "aae636b2aa684f1fb48c66cc5bcd673c", "kind": "incremental", "base_reason": null, "bytes_read": 3000, "bytes_new": 3414, "bytes_stored": 866, "size": 17200, "files": 3, "directories": 1, "files_unreadable": 0, "left_out": {"count": 0, "first": []}}], "duration_s": 0.0, "warnings": [], "warning_count": 0}',NULL,'[]',0);
INSERT INTO "jobs" VALUES('4728e664552847e7a366a0432f68e30d','backup','c99fe64651874a46b2ac0035d2d4dd19','succeeded','person',1777917600000000,'','',1777917600000000,1777917600000000,'{"phase": "Scanning and reading", "bytes_done": 6331456, "bytes_total": 6311456, "items_done": 2, "items_total": 2, "rate_bps": null, "eta_s": null, "text": ""}','{"point": "935bb01f5249497ca177298e2e99e7f3", "machine": "vm", "time": "2026-05-04T18:00:00.000000Z", "images": [{"volume": "disk", "id": "2121c2db39684b41bd8241494618b69b", "kind": "incremental", "base_reason": null, "bytes_read": 524288, "bytes_new": 262443, "bytes_stored": 3343, "size": 6291456, "files": 1, "directories": 0, "files_unreadable": 0, "left_out": {"count": 0, "first": []}}, {"volume": "db", "id": "4f616dfe4f4f4839822588010cb6b7a8", "kind": "incremental", "base_reason": null, "bytes_read": 40000, "bytes_new": 40110, "bytes_stored": 290, "size": 40000, "files": 1, "directories": 0, "files_unreadable": 0, "left_out": {"count": 0, "first": []}}], "duration_s": 0.0, "warnings": [], "warning_count": 0}',NULL,'[]',0);
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
INSERT INTO "keys" VALUES('05c81e8d97304f94ef967b3bcdd3d3ba','office','office','','universal',X'0100000100030000000443A22B9BADB215F32473893ADD15DAEA008F38D69AB13DEB3A6978C7B2BEA9FDAE9ADDD76BC621F3EE25227C7D4DDFFD45935897CB09F71A9EFF5860C1F2656CBE3BC3A908054640F35D4AD3',1777896000000000,1777896000000000,1,NULL,'',NULL,0);
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
INSERT INTO "machines" VALUES('8bd274723faa4e04a5588cce26d2c9a6','web','web','protected','6774f49cd2e749a9a3f7dd6ef2fcd319','','4bbd87c7ce69400489db04ff36325f4f','[{"id": "c2798dcc7e0045fe86f57f762555f6dc", "label": "tree", "path": "@PLACE@/web", "source": "tree"}]',1777896000000000,0,'[]',0,NULL,'','{"one_file_system": true, "caches": false, "markers": [], "before": "", "after": "", "command_timeout_s": 300, "snapshot": true}');
INSERT INTO "machines" VALUES('c99fe64651874a46b2ac0035d2d4dd19','vm','vm','protected','6774f49cd2e749a9a3f7dd6ef2fcd319','','4bbd87c7ce69400489db04ff36325f4f','[{"id": "cc470d4b06d14b6dba3042797886a3c8", "label": "disk", "path": "@PLACE@/disk.img", "source": "image"}, {"id": "ef58fcbefbde483ea6c860dbcf427640", "label": "db", "path": "cat @PLACE@/dump.sql", "source": "stream"}]',1777896000000000,0,'[]',0,NULL,'','{"one_file_system": true, "caches": false, "markers": [], "before": "", "after": "", "command_timeout_s": 300, "snapshot": true}');
INSERT INTO "machines" VALUES('2db92c6b37e84f9f9a530ac27e682126','letters','letters','protected','6774f49cd2e749a9a3f7dd6ef2fcd319','','4bbd87c7ce69400489db04ff36325f4f','[{"id": "570b2037df31426a9a469f3a39ee05e3", "label": "tree", "path": "@PLACE@/letters", "source": "tree"}]',1777896000000000,0,'[]',0,NULL,'05c81e8d97304f94ef967b3bcdd3d3ba','{"one_file_system": true, "caches": false, "markers": [], "before": "", "after": "", "command_timeout_s": 300, "snapshot": true}');
INSERT INTO "machines" VALUES('0508452098604ba091b0d1b598fe032f','far','far','replicated','b4b00d307ba74d03b05665a035a6caa3','source','4bbd87c7ce69400489db04ff36325f4f','[{"id": "5b5f3944a3fc47fa93368d01587924a8", "label": "tree", "path": "@PLACE@/far", "source": "tree"}]',1777917600000000,0,'[]',0,NULL,'','{"one_file_system": true, "caches": false, "markers": [], "before": "", "after": "", "command_timeout_s": 300, "snapshot": true}');
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
INSERT INTO "members" VALUES('d3fd9497a8784e8e9dde5332a7149139','0508452098604ba091b0d1b598fe032f','4bbd87c7ce69400489db04ff36325f4f','default',0,1777924800000000,1777924800000000,'');
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
INSERT INTO "pairings" VALUES('d3fd9497a8784e8e9dde5332a7149139','incoming','source','source','b4b00d307ba74d03b05665a035a6caa3','source','0.1.0','13:CE:79:6F:18:09:B6:F4:A8:E7:A7:F5:51:AD:4C:35:91:BA:9F:8A:90:E1:E7:56:91:DB:23:31:50:25:AB:9B',1,'-----BEGIN CERTIFICATE-----
MIIB+zCCAaGgAwIBAgIUEXLTYSY5MIGZs10sUB6lI4JZ1JEwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGc291cmNlMB4XDTI2MDUwNDExMDAwMFoXDTQ2MDUwNDExMDAw
MFowETEPMA0GA1UEAwwGc291cmNlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
C2TqHOCd74PO3MgyjSGTkGcOVojc7BOFCHuzRFGpd3Kr4JfF4K6HJmhM+ENdH8dF
KLGEYmn4Jkqry0tdqgsV0KOB1jCB0zASBgNVHRMBAf8ECDAGAQH/AgEAMA4GA1Ud
DwEB/wQEAwIChDAdBgNVHSUEFjAUBggrBgEFBQcDAQYIKwYBBQUHAwIwTgYDVR0R
BEcwRYIgYjRiMDBkMzA3YmE3NGQwM2IwNTY2NWEwMzVhNmNhYTOCCWxvY2FsaG9z
dIcEfwAAAYcQAAAAAAAAAAAAAAAAAAAAATAdBgNVHQ4EFgQUxCgskVpX6vgcbewv
TDDGTd9N4TgwHwYDVR0jBBgwFoAUxCgskVpX6vgcbewvTDDGTd9N4TgwCgYIKoZI
zj0EAwIDSAAwRQIhAOH7Zq0mzAbPGUd3VVjwJGZzx91XePUGQ+E9qeNk9XaAAiAo
/JMjasG9eKVq4Yg2KoKZCdDYMuZ1TGwQ3bb/wJDzYw==
-----END CERTIFICATE-----
',1777896000000000,'',0,'active',0,0,'online','',1777924800000000);
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
INSERT INTO "points" VALUES('de2e3ccba8894bb6905385c080ca2c97','8bd274723faa4e04a5588cce26d2c9a6',1777899600000000,'6774f49cd2e749a9a3f7dd6ef2fcd319','51debcdc01835f17f2f644c2eb2c062d12cb18200ac0ca1b13c423a162c10be3',0.0,0,'base',926315,35502);
INSERT INTO "points" VALUES('bd2fcd16ea824fb0bbd5830f1c1540cd','2db92c6b37e84f9f9a530ac27e682126',1777903200000000,'6774f49cd2e749a9a3f7dd6ef2fcd319','ddabb1bdaab65c1c321bbc72a06308b2eb497ec4915a4d5b0742dcfc12f32aad',0.0,0,'base',14200,14613);
INSERT INTO "points" VALUES('6c861c006a6c4d17a429bf62d7a687de','c99fe64651874a46b2ac0035d2d4dd19',1777906800000000,'6774f49cd2e749a9a3f7dd6ef2fcd319','8fde2ec977e7c5c828a9366b02e75f5060c7783e95bdca17f15251c262129940',0.0,0,'base',6311456,282473);
INSERT INTO "points" VALUES('af35dd4d2d7042cd856dd5425c0d2a82','8bd274723faa4e04a5588cce26d2c9a6',1777910400000000,'6774f49cd2e749a9a3f7dd6ef2fcd319','68672b9969f9072c55db7bd16cbe2a5bdadb4da0b324d69c5b3f22d771658d55',0.0,0,'incremental',929315,24051);
INSERT INTO "points" VALUES('2168f785bfde40f5800980dc6eb785df','2db92c6b37e84f9f9a530ac27e682126',1777914000000000,'6774f49cd2e749a9a3f7dd6ef2fcd319','8502cc4e5e96a91648b30f03e2f8a5fd242484ec30c506839d6829700bf2664b',0.0,0,'incremental',17200,3414);
INSERT INTO "points" VALUES('935bb01f5249497ca177298e2e99e7f3','c99fe64651874a46b2ac0035d2d4dd19',1777917600000000,'6774f49cd2e749a9a3f7dd6ef2fcd319','e413edb19381c8fc3724bde4279393f7bf079fd69e6c1379af2b0fe316747cc7',0.0,0,'incremental',6331456,302553);
INSERT INTO "points" VALUES('c6e8ac58a85747209449e4872ab53439','0508452098604ba091b0d1b598fe032f',1777924800000000,'b4b00d307ba74d03b05665a035a6caa3','bd9ecd09b2bd8394d7c7d919741a2922962a8e828c2015a694275cdb6a7c56e5',0.0,0,'incremental',14800,2614);
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
INSERT INTO "repositories" VALUES('4bbd87c7ce69400489db04ff36325f4f','default','default','@PLACE@/core/repository',1777896000000000,1,NULL,NULL,NULL);
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
INSERT INTO "seed_images" VALUES('2eeaa57c797e47f190abf2b9ac608b30','ca7dc6557ae7488aa9fddaf7e2b405a0',0,0);
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
INSERT INTO "seeds" VALUES('2eeaa57c797e47f190abf2b9ac608b30','d3fd9497a8784e8e9dde5332a7149139','incoming','outstanding',1777921200000000,'','','',1777921200000000,NULL,'[]',0,0,NULL,NULL);
CREATE TABLE settings (
	"key" VARCHAR NOT NULL, 
	value VARCHAR NOT NULL, 
	CONSTRAINT pk_settings PRIMARY KEY ("key")
);
INSERT INTO "settings" VALUES('core.set-up','2026-05-04T12:00:00.000000Z');
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
INSERT INTO "users" VALUES('422145cdc2844d6dad19e7af9ced4a16','admin','admin','administrator','$argon2id$v=19$m=65536,t=3,p=4$P9GItm6xFzFNnLXVWMNKRg$sBQqHY0d65L2w+ZX+XRvfui6UxG+Jhmkgj8ACHMgCP8',1777896000000000);
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
CREATE INDEX ix_jobs_kind_created_us_id ON jobs (kind, created_us, id);
CREATE INDEX ix_jobs_state_created_us_id ON jobs (state, created_us, id);
CREATE INDEX ix_jobs_created_us_id ON jobs (created_us, id);
CREATE INDEX ix_events_severity_time_us_id ON events (severity, time_us, id);
CREATE INDEX ix_events_time_us_id ON events (time_us, id);
CREATE INDEX ix_points_time_us_id_kind_size_bytes_new ON points (time_us, id, kind, size, bytes_new);
CREATE INDEX ix_points_bytes_new_id_time_us_kind_machine ON points (bytes_new, id, time_us, kind, machine);
CREATE INDEX ix_points_machine_time_us_id_kind_size_bytes_new ON points (machine, time_us, id, kind, size, bytes_new);
CREATE INDEX ix_points_size_id_time_us_kind_machine ON points (size, id, time_us, kind, machine);
CREATE INDEX ix_members_machine ON members (machine);
CREATE INDEX ix_seed_images_image ON seed_images (image);
CREATE INDEX ix_removed_images_machine ON removed_images (machine);
CREATE INDEX ix_images_machine_time_us_id ON images (machine, time_us, id);
CREATE INDEX ix_images_parent ON images (parent);
CREATE INDEX ix_images_point ON images (point);
CREATE INDEX ix_flaws_machine ON flaws (machine);
COMMIT;
