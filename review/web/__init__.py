"""The pages: a file a family. Views are thin callers of services; every view has an access mark."""
