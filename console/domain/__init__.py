"""The words of Replicore, as frozen values and pure rules. Imports nothing of ours.

One word, one thing; the same word in code, screens, commands, events and papers:

- **Core**: the service that owns a catalog and repositories. **Source Core**, **target Core**: roles in a **pairing**.
- **Protected machine**: ours. **Replicated machine**: came from another Core. **Recovery-points-only machine**:
  protection removed, points kept. **Volume**: one thing of a machine that is imaged.
- **Recovery point**: one moment of one machine, the envelope of one **volume image** per volume.
- **Volume image**: **base image** (no parent) or **incremental** (has a parent); the unit that is replicated,
  orphaned, deleted. It records why it is a base.
- **Chain**: a base and its incrementals. **Orphan**: an image with an ancestor that is not whole on this Core.
  Chain states: *whole*, *awaiting seed*, *awaiting transfer*, *broken*.
- **Restorability** of a point on this Core: none, some files, all files, volume, bare metal.
- **Repository**: the object store. **Object**: smallest stored thing, named by its hash. **Pack**: file that holds
  objects. **Catalog**: the SQL database. **Vault**: where secrets live.
- **Seed drive**: an archive of volume images on media; **segment**: one file of it; **medium**: one device.
  *Create* (copy) writes it, *consume* imports it, *abandon* forgets it. **Outstanding**: written, not yet consumed.
- **Job**, **event** (journal entry), **alert** (event that wants a person).
"""
