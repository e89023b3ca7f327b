-- Facts only; statuses are derived from them. Times are milliseconds since the Unix epoch, JSON is TEXT, flags are 0 or 1.

-- All that one installation of the App sees. `version` moves with every decision: a decision made on an older one is
-- made again.
CREATE TABLE workspace (
    installation_id BIGINT PRIMARY KEY,
    account TEXT NOT NULL DEFAULT '',
    version BIGINT NOT NULL DEFAULT 0,
    is_suspended BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX workspace_suspended ON workspace (installation_id) WHERE is_suspended = 1;

-- `reference_name` is how refs call the repository; `released_commit` is the head of the default branch up to which
-- pushes have been turned into releases; `is_gone` that the App sees it no more; `seen_at` the last time the sweep
-- looked at it.
CREATE TABLE repository (
    id BIGINT PRIMARY KEY,
    installation_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    reference_name TEXT NOT NULL,
    default_branch TEXT NOT NULL DEFAULT 'main',
    released_commit TEXT,
    previous_commit TEXT,
    is_gone BIGINT NOT NULL DEFAULT 0,
    seen_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX repository_unseen ON repository (seen_at) WHERE released_commit IS NOT NULL;
CREATE UNIQUE INDEX repository_by_reference_name ON repository (installation_id, reference_name);
CREATE INDEX repository_by_name ON repository (name, id) WHERE is_gone = 0;

-- The inbox. `key` is GitHub's delivery GUID, or says what an internal message is about: whatever arrives twice is kept once.
-- `answer` is what whoever asked through the API is told, written with the decision.
CREATE TABLE delivery (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    event TEXT NOT NULL,
    installation_id BIGINT,
    body BLOB NOT NULL,
    received_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'pending',
    note TEXT,
    answer TEXT
);
CREATE INDEX delivery_pending ON delivery (due_at, id) WHERE state = 'pending';
CREATE INDEX delivery_failed ON delivery (id) WHERE state = 'failed';

-- The outbox. `generation` moves when a waiting call is asked for again, so that a call made meanwhile does not count
-- for the newer wish. `is_unsure` is set before a call is made and cleared when it certainly did not happen.
CREATE TABLE effect (
    installation_id BIGINT NOT NULL,
    key TEXT NOT NULL,
    repository_id BIGINT NOT NULL,
    lane BIGINT NOT NULL,
    call TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending',
    generation BIGINT NOT NULL DEFAULT 1,
    attempts BIGINT NOT NULL DEFAULT 0,
    is_unsure BIGINT NOT NULL DEFAULT 0,
    due_at BIGINT NOT NULL,
    wave TEXT,
    error TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (installation_id, key)
);
CREATE INDEX effect_pending ON effect (lane, due_at, created_at, key, installation_id) WHERE state = 'pending';
CREATE INDEX effect_pending_of_repository ON effect (installation_id, repository_id, lane, created_at, key)
    WHERE state = 'pending';
CREATE INDEX effect_failed ON effect (installation_id, key) WHERE state = 'failed';
CREATE INDEX effect_of_wave ON effect (wave) WHERE wave IS NOT NULL;

CREATE TABLE package (
    id INTEGER PRIMARY KEY,
    installation_id BIGINT NOT NULL,
    repository_id BIGINT NOT NULL,
    repository TEXT NOT NULL,
    path TEXT NOT NULL,
    watch TEXT,
    also TEXT NOT NULL DEFAULT '[]',
    loads TEXT NOT NULL DEFAULT '[]',
    UNIQUE (installation_id, repository, path)
);
CREATE INDEX package_of_repository ON package (repository_id);

-- `is_again`: a person wants what was released at a commit released there once more.
CREATE TABLE release (
    id INTEGER PRIMARY KEY,
    package_id BIGINT NOT NULL REFERENCES package (id),
    number BIGINT NOT NULL,
    repository_id BIGINT NOT NULL,
    commit_sha TEXT NOT NULL,
    package TEXT NOT NULL,
    goals TEXT,
    pull_request BIGINT,
    lane BIGINT,
    base TEXT,
    authors TEXT NOT NULL DEFAULT '[]',
    reply_to BIGINT,
    created_at BIGINT NOT NULL,
    is_open BIGINT NOT NULL DEFAULT 1,
    is_again BIGINT NOT NULL DEFAULT 0,
    UNIQUE (package_id, number)
);
CREATE INDEX release_at_commit ON release (package_id, commit_sha, number);
CREATE INDEX release_open ON release (package_id) WHERE is_open = 1;
CREATE INDEX release_of_default ON release (package_id, number) WHERE lane IS NULL;
CREATE INDEX release_of_commit ON release (repository_id, commit_sha);
CREATE INDEX release_of_lane ON release (repository_id, lane) WHERE lane IS NOT NULL;
CREATE INDEX release_of_pull_request ON release (repository_id, pull_request) WHERE pull_request IS NOT NULL;

-- `wave` is what a run last travelled in, `wave_fence` the start that travelled: a run that goes on with another function
-- is started anew, and the end of its old workflow run is not news of the new start. `package_id` is that of its release:
-- what ended last in an environment is the end of an index, however much has been there before.
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    package_id BIGINT NOT NULL,
    release_id BIGINT NOT NULL REFERENCES release (id),
    task TEXT NOT NULL,
    number BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    fence BIGINT NOT NULL,
    calls TEXT NOT NULL,
    outputs TEXT NOT NULL DEFAULT '{}',
    error TEXT,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    wakes_at BIGINT,
    down TEXT,
    cascade TEXT,
    wave TEXT,
    wave_fence BIGINT,
    claim_nonce TEXT,
    report_token TEXT,
    job_url TEXT,
    reported_outputs TEXT NOT NULL DEFAULT '{}',
    UNIQUE (release_id, task, number)
);
CREATE INDEX run_of_wave ON run (wave) WHERE wave IS NOT NULL;
CREATE INDEX run_of_state ON run (package_id, state);
CREATE INDEX run_complete ON run (package_id, task, finished_at, id) WHERE state = 'complete';
CREATE INDEX run_unfinished ON run (task)
    WHERE state IN ('pending', 'starting', 'running', 'cancelling', 'paused');
CREATE INDEX run_success ON run (release_id, task, number) WHERE state = 'complete';
CREATE INDEX run_open ON run (release_id)
    WHERE state IN ('pending', 'starting', 'running', 'cancelling', 'paused');
CREATE INDEX run_active ON run (state) WHERE state IN ('starting', 'running', 'cancelling');

-- Which unfinished run waits for which document: what appears wakes only those that read it.
CREATE TABLE input_edge (
    run_id BIGINT NOT NULL REFERENCES run (id),
    installation_id BIGINT NOT NULL,
    reference TEXT NOT NULL,
    PRIMARY KEY (run_id, reference)
);
CREATE INDEX input_edge_by_reference ON input_edge (installation_id, reference);

-- What each live deployment reads, and the tags it names that by: what changes has only its readers run again.
CREATE TABLE live_read (
    installation_id BIGINT NOT NULL,
    reference TEXT NOT NULL,
    repository TEXT NOT NULL,
    path TEXT NOT NULL,
    environment TEXT NOT NULL,
    PRIMARY KEY (installation_id, reference, repository, path, environment)
);
CREATE INDEX live_read_of_deployment ON live_read (installation_id, repository, path, environment, reference);

-- State: what is true now. The parts of the ref are columns, so that a glob becomes an index look-up.
CREATE TABLE state (
    installation_id BIGINT NOT NULL,
    reference TEXT NOT NULL,
    repository TEXT NOT NULL,
    path TEXT NOT NULL,
    release TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (installation_id, reference)
);
CREATE INDEX state_by_kind ON state (installation_id, kind, name, repository, path, release);
CREATE INDEX state_of_repository ON state (installation_id, repository, kind, path, name) WHERE release = '';
CREATE INDEX state_current ON state (installation_id, kind, name, repository, path, reference) WHERE release = '';

-- Intent: what should be, by the same refs.
CREATE TABLE intent (
    installation_id BIGINT NOT NULL,
    reference TEXT NOT NULL,
    repository TEXT NOT NULL,
    path TEXT NOT NULL,
    release TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (installation_id, reference)
);
CREATE INDEX intent_by_kind ON intent (installation_id, kind, name, repository, path, reference);

-- Which branch says what should be of what belongs to a repository; an empty name is the default branch.
CREATE TABLE intent_branch (
    follower_id BIGINT PRIMARY KEY,
    installation_id BIGINT NOT NULL,
    repository TEXT NOT NULL,
    branch TEXT NOT NULL
);
CREATE INDEX intent_branch_of_repository ON intent_branch (installation_id, repository, branch);

-- The commit up to which such a branch was taken over, and its files as they were then. What a file says that
-- `has_failed` could not be made so; it is tried again with every push, in the name of its `pusher`.
CREATE TABLE intent_head (
    repository_id BIGINT NOT NULL,
    branch TEXT NOT NULL,
    commit_sha TEXT NOT NULL,
    PRIMARY KEY (repository_id, branch)
);
CREATE INDEX intent_head_by_commit ON intent_head (repository_id, commit_sha, branch);
CREATE TABLE intent_file (
    repository_id BIGINT NOT NULL,
    branch TEXT NOT NULL,
    path TEXT NOT NULL,
    blob_sha TEXT NOT NULL,
    reference TEXT,
    value TEXT,
    pusher TEXT,
    has_failed BIGINT NOT NULL,
    PRIMARY KEY (repository_id, branch, path)
);

-- What the check run `ocuroot / intent` says about a commit.
CREATE TABLE intent_report (
    repository_id BIGINT NOT NULL,
    commit_sha TEXT NOT NULL,
    report TEXT NOT NULL,
    PRIMARY KEY (repository_id, commit_sha)
);

-- Where each environment comes from, and whether it is to stay.
CREATE TABLE registration (
    installation_id BIGINT NOT NULL,
    environment TEXT NOT NULL,
    repository TEXT,
    path TEXT,
    presence TEXT NOT NULL,
    PRIMARY KEY (installation_id, environment)
);

-- Environments that were there once and are not any more: what failed there is not tried again.
CREATE TABLE gone_environment (
    installation_id BIGINT NOT NULL,
    environment TEXT NOT NULL,
    PRIMARY KEY (installation_id, environment)
);

-- Rules of config files of default branches; `is_wide` those that also hold in other repositories.
CREATE TABLE guard (
    installation_id BIGINT NOT NULL,
    repository TEXT NOT NULL,
    path TEXT NOT NULL,
    is_wide BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (installation_id, repository, path)
);
CREATE INDEX guard_wide ON guard (installation_id) WHERE is_wide = 1;

-- Locks, freezes and pins of people. An empty repository means every one, an empty path a whole repository. `until` is
-- when it ends by itself.
CREATE TABLE lock (
    installation_id BIGINT NOT NULL,
    repository TEXT NOT NULL,
    path TEXT NOT NULL,
    environment TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    until BIGINT,
    PRIMARY KEY (installation_id, repository, path, environment, kind)
);
CREATE INDEX lock_ending ON lock (until) WHERE until IS NOT NULL;

-- Which pull requests hold, or wait for, the environment of which package.
CREATE TABLE hold (
    installation_id BIGINT NOT NULL,
    repository TEXT NOT NULL,
    pull_request BIGINT NOT NULL,
    path TEXT NOT NULL,
    environment TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    granted_at BIGINT,
    PRIMARY KEY (installation_id, repository, pull_request, path, environment)
);

-- What people have said of a release in an environment.
CREATE TABLE approval (
    release_id BIGINT NOT NULL REFERENCES release (id),
    environment TEXT NOT NULL,
    kind TEXT NOT NULL,
    login TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (release_id, environment, kind, login)
);

CREATE TABLE tag (
    package_id BIGINT NOT NULL REFERENCES package (id),
    tag TEXT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (package_id, tag)
);

-- What the check run `ocuroot` says about a commit: for each open pull request it is the head of, and, with 0 instead of
-- its number, on the default branch or in a merge group.
CREATE TABLE commit_report (
    repository_id BIGINT NOT NULL,
    commit_sha TEXT NOT NULL,
    pull_request BIGINT NOT NULL,
    report TEXT NOT NULL,
    PRIMARY KEY (repository_id, commit_sha, pull_request)
);

-- What each package's newest release of the default branch reads of other packages. `fragment` is what of the document.
CREATE TABLE reader (
    installation_id BIGINT NOT NULL,
    repository TEXT NOT NULL,
    path TEXT NOT NULL,
    reference TEXT NOT NULL,
    fragment TEXT NOT NULL,
    PRIMARY KEY (installation_id, reference, repository, path, fragment)
);
CREATE INDEX reader_of_package ON reader (installation_id, repository, path);

-- The Starlark files of a commit (path to blob), and their texts: both immutable, kept to spare GitHub the question.
CREATE TABLE source_tree (
    repository_id BIGINT NOT NULL,
    commit_sha TEXT NOT NULL,
    files TEXT NOT NULL,
    PRIMARY KEY (repository_id, commit_sha)
);
CREATE TABLE source_blob (
    repository_id BIGINT NOT NULL,
    blob_sha TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (repository_id, blob_sha)
);

-- GitHub's object for one of ours (a check run, a deployment), with a digest of what was last written to it.
CREATE TABLE github_object (
    installation_id BIGINT NOT NULL,
    key TEXT NOT NULL,
    github_id BIGINT NOT NULL,
    digest TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (installation_id, key)
);
CREATE INDEX github_object_by_github_id ON github_object (installation_id, github_id);

-- One dispatch: the runs that travel together, and the workflow run they became. Written before the call is made.
CREATE TABLE wave (
    key TEXT PRIMARY KEY,
    installation_id BIGINT NOT NULL,
    repository_id BIGINT NOT NULL,
    workflow TEXT NOT NULL,
    is_native BIGINT NOT NULL,
    is_listed BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    workflow_run_id BIGINT,
    url TEXT,
    checked_at BIGINT
);
CREATE UNIQUE INDEX wave_by_workflow_run ON wave (workflow_run_id) WHERE workflow_run_id IS NOT NULL;

CREATE TABLE log_line (
    run_id BIGINT NOT NULL REFERENCES run (id),
    fence BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    text TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (run_id, fence, sequence)
);

-- Which pull requests a commit is the head of, for check runs and commands (forks' heads name none on GitHub).
CREATE TABLE pull_request (
    repository_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    head_sha TEXT NOT NULL,
    base_ref TEXT NOT NULL,
    is_fork BIGINT NOT NULL,
    is_open BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (repository_id, number)
);
CREATE INDEX pull_request_open ON pull_request (repository_id, number) WHERE is_open = 1;
CREATE INDEX pull_request_by_head ON pull_request (repository_id, head_sha, number);

-- Commands that wait for a second word of the same person, in environments that ask for it.
CREATE TABLE confirmation (
    repository_id BIGINT NOT NULL,
    pull_request BIGINT NOT NULL,
    login TEXT NOT NULL,
    line TEXT NOT NULL,
    head_sha TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (repository_id, pull_request, login)
);
CREATE INDEX confirmation_by_expiry ON confirmation (expires_at);

-- Tokens of jobs that were used: each is good for one claim.
CREATE TABLE used_token (
    token_id TEXT PRIMARY KEY,
    used_by TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX used_token_by_expiry ON used_token (expires_at);

-- The time up to which the sweep has looked through a subject.
CREATE TABLE sweep (
    subject TEXT PRIMARY KEY,
    position BIGINT NOT NULL
);

-- Who asked, what was decided and why, and what ran: one chain for each workspace. `hash` covers the rest of the row, and
-- `previous` is the hash of the row before. No row is changed or taken away; the triggers stop mistakes, the hashes show
-- what somebody does who takes the triggers away first.
CREATE TABLE audit (
    installation_id BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    verdict TEXT NOT NULL,
    reason_code TEXT NOT NULL,
    detail TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (installation_id, sequence)
);

-- Starts in the hands of machines: since when the sweep has seen them in their state, and what was begun to be done about
-- those that are too long in it (1 cancel, 2 force-cancel, 3 give up); `step_at` is when the decision was written down.
CREATE TABLE run_watch (
    run_id BIGINT PRIMARY KEY,
    fence BIGINT NOT NULL,
    state TEXT NOT NULL,
    since BIGINT NOT NULL,
    step BIGINT NOT NULL DEFAULT 0,
    step_at BIGINT,
    due_at BIGINT NOT NULL
);
CREATE INDEX run_watch_due ON run_watch (due_at);

-- What is wrong with a wave's workflow run.
CREATE TABLE diagnosis (
    wave TEXT PRIMARY KEY,
    body TEXT NOT NULL
);

-- Webhooks that GitHub could not deliver and that are asked for again. `attempt_id` is what GitHub is asked by; `urgency`
-- orders them: people's words first.
CREATE TABLE missed_delivery (
    key TEXT PRIMARY KEY,
    attempt_id BIGINT NOT NULL,
    event TEXT NOT NULL,
    repository_id BIGINT,
    delivered_at BIGINT NOT NULL,
    urgency BIGINT NOT NULL,
    asked BIGINT NOT NULL DEFAULT 0,
    due_at BIGINT NOT NULL
);
CREATE INDEX missed_delivery_due ON missed_delivery (urgency, due_at);

-- Where a look through GitHub's list of deliveries stands that is not at its end: the next page, how far back it goes,
-- and when it began.
CREATE TABLE delivery_scan (
    id BIGINT PRIMARY KEY,
    cursor TEXT,
    back_to BIGINT NOT NULL,
    began_at BIGINT NOT NULL
);

-- Starts that were given up though a job may still be at work: what that proves itself with when it reports too late.
CREATE TABLE given_up (
    run_id BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    report_token TEXT NOT NULL,
    PRIMARY KEY (run_id, fence)
);

-- Releases that are over and whose check runs were seen on GitHub to say so.
CREATE TABLE verified_release (
    release_id BIGINT PRIMARY KEY
);
CREATE INDEX release_over ON release (repository_id, created_at) WHERE is_open = 0;

-- The audit record is append-only.

-- What an installation has asked of GitHub in the last hour, and what GitHub said about it. Whoever writes it has read the
-- version before: several servers count together.
CREATE TABLE budget (
    installation_id BIGINT PRIMARY KEY,
    version BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit record is append-only: its entries are never changed');
END;
CREATE TRIGGER audit_is_not_cut BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit record is append-only: its entries are never deleted');
END;
-- Also against INSERT OR REPLACE, which deletes without asking the trigger above.
CREATE TRIGGER audit_has_no_gaps BEFORE INSERT ON audit
WHEN NEW.sequence <> 1 + coalesce((SELECT max(sequence) FROM audit WHERE installation_id = NEW.installation_id), 0)
BEGIN
    SELECT RAISE(ABORT, 'the audit record is append-only: an entry gets the next number of its workspace');
END;
