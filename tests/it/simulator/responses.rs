//! Every answer fits GitHub's own description of it, so that a client which can read one can read the other.
