"""The structure of objects: decoding, patching, applying and describing them.

Everything here is a pure function of bytes and values. The server goes through these steps, and
each of the functions says which `RefusedError` it raises:

    create  decode → kind.defaults → kind.prepare_create → kind.validate(obj, None)
            → managed_fields_after_update(schema, obj, None, …)
    update  decode → kind.defaults → kind.prepare_update(new, old) → kind.validate(new, old)
            → managed_fields_after_update(schema, new, old, …)
    patch   apply_patch → kind.defaults → as update
    apply   server_side_apply → kind.defaults → prepare and validate as create or update
            → keep_times_if_unchanged(obj, live)

The metadata that only the server knows (uid, creationTimestamp, resourceVersion, the end of a
generated name) is the server's business.
"""
