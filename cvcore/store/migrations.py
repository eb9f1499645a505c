"""The database's schema as append-only steps; a released step is never edited."""

from __future__ import annotations

import logging
import math
import sqlite3
import struct
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cvcore.store.backups import copies

if TYPE_CHECKING:
    from sqlite_utils import Database

_SET = "tagwise"
log = logging.getLogger("tagwise.store")


def m001_projects_images_and_tags(database: Database) -> None:
    """A project's workspace: images, tags, and the images' tags."""
    _run(
        database,
        """
        create table projects (
            id text primary key,
            name text not null unique,
            description text not null,
            classification_type text not null check (classification_type in ('Multiclass', 'Multilabel')),
            domain_id text not null,
            created_at text not null,
            modified_at text not null
        ) strict;

        create table tags (
            id text primary key,
            project_id text not null references projects (id) on delete cascade,
            name text not null,
            kind text not null check (kind in ('Regular', 'Negative')),
            created_at text not null,
            unique (project_id, name)
        ) strict;
        create unique index one_negative_tag on tags (project_id) where kind = 'Negative';

        create table images (
            id text primary key,
            project_id text not null references projects (id) on delete cascade,
            sha256 text not null,
            name text not null,
            width integer not null,
            height integer not null,
            size_bytes integer not null,
            signature blob not null,
            in_workspace integer not null default 1,
            created_at text not null,
            unique (project_id, sha256)
        ) strict;
        create index images_of_sha256 on images (sha256);
        create index images_by_age on images (project_id, in_workspace, created_at, id);

        create table image_tags (
            image_id text not null references images (id) on delete cascade,
            tag_id text not null references tags (id) on delete cascade,
            primary key (image_id, tag_id)
        ) strict;
        create index images_of_tag on image_tags (tag_id);
        """,
    )


def m002_iterations(database: Database) -> None:
    """Iterations and their snapshots; their arrays are files beside the database."""
    _run(
        database,
        """
        create table iterations (
            id text primary key,
            project_id text not null references projects (id) on delete cascade,
            number integer not null,
            name text not null,
            status text not null check (status in ('Training', 'Completed', 'Failed')),
            classification_type text not null,
            domain_id text not null,
            snapshot text not null,
            backbone text not null default '',
            fingerprint text not null default '',
            note text not null default '',
            evaluation text,
            scores text,
            seconds text not null default '{}',
            error text not null default '',
            created_at text not null,
            trained_at text,
            unique (project_id, number),
            unique (project_id, name)
        ) strict;

        create table iteration_tags (
            iteration_id text not null references iterations (id) on delete cascade,
            position integer not null,
            tag_id text not null,
            name text not null,
            kind text not null,
            primary key (iteration_id, position)
        ) strict;

        create table iteration_images (
            iteration_id text not null references iterations (id) on delete cascade,
            position integer not null,
            image_id text not null references images (id),
            tag_positions text not null,
            primary key (iteration_id, position)
        ) strict;
        create index iterations_of_image on iteration_images (image_id);
        """,
    )


def m003_jobs_and_embeddings(database: Database) -> None:
    """The worker's queue, and embeddings."""
    _run(
        database,
        """
        -- Numbers are never reused: a worker may still report on a job whose project was deleted.
        create table jobs (
            id integer primary key autoincrement,
            kind text not null check (kind in ('train', 'embed')),
            project_id text not null references projects (id) on delete cascade,
            iteration_id text references iterations (id) on delete set null,
            status text not null default 'queued'
                check (status in ('queued', 'running', 'done', 'failed', 'cancelled')),
            stage text not null default 'Waiting',
            progress real not null default 0,
            error text not null default '',
            cancel_requested integer not null default 0,
            attempts integer not null default 0,
            created_at text not null,
            started_at text,
            finished_at text
        ) strict;
        create index jobs_waiting on jobs (status, kind, id);

        create table embeddings (
            sha256 text not null,
            fingerprint text not null,
            vector blob not null,
            primary key (sha256, fingerprint)
        ) strict;
        """,
    )


def m004_origins(database: Database) -> None:
    """Projects, tags and images copied from Azure, by Azure's ids."""
    _run(
        database,
        """
        create table origins (
            project_id text not null references projects (id) on delete cascade,
            kind text not null check (kind in ('project', 'tag', 'image')),
            azure_id text not null,
            local_id text,
            note text not null,
            primary key (project_id, kind, azure_id)
        ) strict;
        create unique index one_project_per_azure_project on origins (azure_id) where kind = 'project';
        """,
    )


def m005_publications_and_predictions(database: Database) -> None:
    """Published names of iterations, and kept predictions."""
    _run(
        database,
        """
        create table publications (
            project_id text not null references projects (id) on delete cascade,
            name text not null,
            iteration_id text not null references iterations (id) on delete cascade,
            resource text not null,
            published_at text not null,
            primary key (project_id, name)
        ) strict;
        create index publications_of_iteration on publications (iteration_id);

        create table predictions (
            id text primary key,
            project_id text not null references projects (id) on delete cascade,
            iteration_id text not null references iterations (id) on delete cascade,
            application text not null,
            sha256 text not null,
            probabilities text not null,
            created_at text not null
        ) strict;
        create index predictions_by_age on predictions (project_id, created_at, id);
        create index predictions_of_sha256 on predictions (sha256);
        create index predictions_of_iteration on predictions (iteration_id);
        """,
    )


def m006_metadata(database: Database) -> None:
    """Metadata of images, as keys and values."""
    _run(
        database,
        """
        create table metadata (
            image_id text not null references images (id) on delete cascade,
            key text not null,
            value text not null,
            primary key (image_id, key)
        ) strict;
        """,
    )


def m007_thresholds(database: Database) -> None:
    """An iteration's saved thresholds: JSON, one number or one per tag in the order of its columns."""
    _run(
        database,
        """
        create table thresholds (
            iteration_id text primary key references iterations (id) on delete cascade,
            chosen text not null
        ) strict;
        """,
    )


def m008_test_images(database: Database) -> None:
    """Test images, in the workspace and in iterations' snapshots."""
    _run(
        database,
        """
        create table test_images (
            image_id text primary key references images (id) on delete cascade
        ) strict;

        create table iteration_test_images (
            iteration_id text not null references iterations (id) on delete cascade,
            position integer not null,
            primary key (iteration_id, position)
        ) strict;
        """,
    )


def m009_settled_doubts(database: Database) -> None:
    """Dismissed label issues: the image has the tag rightly, or lacks it rightly."""
    _run(
        database,
        """
        create table settled_doubts (
            image_id text not null references images (id) on delete cascade,
            tag_id text not null references tags (id) on delete cascade,
            carried integer not null check (carried in (0, 1)),
            primary key (image_id, tag_id)
        ) strict;

        create index settled_doubts_by_tag on settled_doubts (tag_id);
        """,
    )


def m010_erased_images_and_settings(database: Database) -> None:
    """Images erased from iterations too; descriptions of tags, and settings of projects."""
    _run(
        database,
        """
        create table erased_images (
            image_id text primary key references images (id) on delete cascade
        ) strict;

        create table tag_descriptions (
            tag_id text primary key references tags (id) on delete cascade,
            description text not null
        ) strict;

        create table project_settings (
            project_id text primary key references projects (id) on delete cascade,
            settings text not null
        ) strict;
        """,
    )


def m011_trainings(database: Database) -> None:
    """Options, epochs and outcome of Advanced trainings, and the images that a network was fine-tuned on."""
    _run(
        database,
        """
        create table trainings (
            iteration_id text primary key references iterations (id) on delete cascade,
            options text not null,
            outcome text,
            wrap_up integer not null default 0
        ) strict;

        create table tuning_rounds (
            iteration_id text not null references iterations (id) on delete cascade,
            position integer not null,
            told text not null,
            primary key (iteration_id, position)
        ) strict;

        create table tuned_on (
            fingerprint text not null,
            sha256 text not null,
            primary key (fingerprint, sha256)
        ) strict;
        """,
    )


def m012_trash(database: Database) -> None:
    """Deleted images and predictions that can be brought back for a day."""
    _run(
        database,
        """
        -- The image's own row stays, outside the workspace, with its metadata and dismissed issues.
        create table deleted_images (
            image_id text primary key references images (id) on delete cascade,
            tag_ids text not null,
            is_test integer not null,
            deleted_at text not null
        ) strict;

        create table deleted_predictions (
            id text primary key,
            project_id text not null references projects (id) on delete cascade,
            iteration_id text not null references iterations (id) on delete cascade,
            application text not null,
            sha256 text not null,
            probabilities text not null,
            created_at text not null,
            deleted_at text not null
        ) strict;
        create index deleted_predictions_of_project on deleted_predictions (project_id, sha256);
        create index deleted_predictions_of_sha256 on deleted_predictions (sha256);
        create index deleted_predictions_of_iteration on deleted_predictions (iteration_id);
        """,
    )


def m013_colours(database: Database) -> None:
    """Images stored before colours were read as browsers read them: what was computed from them is checked once."""
    _run(
        database,
        """
        create table unchecked_images (sha256 text primary key) strict;
        insert into unchecked_images select sha256 from images union select sha256 from embeddings;
        """,
    )


def m014_rekognition(database: Database) -> None:
    """What Rekognition Custom Labels' clients know a project by: ARNs, two datasets, versions, policies and tags."""
    _run(
        database,
        """
        -- An ARN's row is deleted with what it names, and takes everything that refers to it along.
        create table rekognition_arns (
            arn text primary key,
            kind text not null check (kind in ('project', 'dataset', 'version')),
            created_ms integer not null,
            project_id text not null references projects (id) on delete cascade,
            iteration_id text references iterations (id) on delete cascade,
            purpose text check (purpose in ('TRAIN', 'TEST')),
            unique (kind, created_ms)
        ) strict;
        create index rekognition_arns_of_project on rekognition_arns (project_id);
        create unique index one_arn_per_project on rekognition_arns (project_id) where kind = 'project';
        create unique index one_arn_per_dataset on rekognition_arns (project_id, purpose) where kind = 'dataset';
        create unique index one_arn_per_iteration on rekognition_arns (iteration_id);

        create table rekognition_tags (
            arn text not null references rekognition_arns (arn) on delete cascade,
            key text not null,
            value text not null,
            primary key (arn, key)
        ) strict;

        create table rekognition_policies (
            project_id text not null references projects (id) on delete cascade,
            name text not null,
            revision_id text not null,
            document text not null,
            created_at text not null,
            updated_at text not null,
            primary key (project_id, name)
        ) strict;

        create table rekognition_versions (
            iteration_id text primary key references iterations (id) on delete cascade,
            arn text not null unique references rekognition_arns (arn) on delete cascade,
            name text not null,
            description text not null,
            output_bucket text not null,
            output_prefix text not null,
            state text not null,
            min_units integer,
            max_units integer,
            source_arn text not null,
            kms_key_id text not null,
            details text not null,
            created_at text not null
        ) strict;

        create table rekognition_datasets (
            project_id text not null references projects (id) on delete cascade,
            purpose text not null check (purpose in ('TRAIN', 'TEST')),
            arn text not null unique references rekognition_arns (arn) on delete cascade,
            status text not null,
            message text not null,
            code text not null check (code in ('SUCCESS', 'SERVICE_ERROR', 'CLIENT_ERROR')),
            work text not null,
            created_at text not null,
            updated_at text not null,
            primary key (project_id, purpose)
        ) strict;

        -- Lines of a manifest that are still to be read, deleted one by one as their images are stored.
        create table rekognition_pending_lines (
            id integer primary key,
            project_id text not null,
            purpose text not null,
            line text not null,
            foreign key (project_id, purpose) references rekognition_datasets (project_id, purpose) on delete cascade
        ) strict;
        create index rekognition_pending_lines_of_dataset on rekognition_pending_lines (project_id, purpose, id);

        -- An image's address as a manifest gave it, and the line; an image may have several.
        create table rekognition_sources (
            project_id text not null references projects (id) on delete cascade,
            source text not null,
            image_id text not null references images (id) on delete cascade,
            line text not null,
            primary key (project_id, source)
        ) strict;
        create index rekognition_sources_of_image on rekognition_sources (image_id);

        -- Lines that gave no image; their labels and the reasons are JSON.
        create table rekognition_refused_lines (
            id integer primary key,
            project_id text not null,
            purpose text not null,
            source text not null,
            line text not null,
            labels text not null,
            errors text not null,
            foreign key (project_id, purpose) references rekognition_datasets (project_id, purpose) on delete cascade
        ) strict;
        create index rekognition_refused_lines_of_dataset on rekognition_refused_lines (project_id, purpose, id);
        """,
    )


def m015_learning_curves(database: Database) -> None:
    """Jobs that measure learning curves; a check cannot be changed, so the table is made anew."""
    _run(
        database,
        """
        create table new_jobs (
            id integer primary key autoincrement,
            kind text not null check (kind in ('train', 'embed', 'learning-curve')),
            project_id text not null references projects (id) on delete cascade,
            iteration_id text references iterations (id) on delete set null,
            status text not null default 'queued'
                check (status in ('queued', 'running', 'done', 'failed', 'cancelled')),
            stage text not null default 'Waiting',
            progress real not null default 0,
            error text not null default '',
            cancel_requested integer not null default 0,
            attempts integer not null default 0,
            created_at text not null,
            started_at text,
            finished_at text
        ) strict;
        insert into new_jobs select * from jobs;
        -- The last number given, also where its row is gone.
        delete from sqlite_sequence where name = 'new_jobs';
        insert into sqlite_sequence select 'new_jobs', seq from sqlite_sequence where name = 'jobs';
        drop table jobs;
        alter table new_jobs rename to jobs;
        create index jobs_waiting on jobs (status, kind, id);
        """,
    )


def m016_facts(database: Database) -> None:
    """What is known of images' files and of where each image came from; jobs of any kind.

    The kinds of jobs are checked in Python alone from here on, so that a new kind needs no new table.
    """
    _run(
        database,
        """
        -- By content, and made anew when `version` is not the newest: `numbers` are float32, in the order of the code.
        create table file_facts (
            sha256 text primary key,
            version integer not null,
            file_type text not null,
            camera text not null,
            day text not null,
            numbers blob not null
        ) strict;
        create table image_facts (
            image_id text not null references images (id) on delete cascade,
            key text not null,
            value text not null,
            primary key (image_id, key)
        ) strict;

        create table new_jobs (
            id integer primary key autoincrement,
            kind text not null,
            project_id text not null references projects (id) on delete cascade,
            iteration_id text references iterations (id) on delete set null,
            status text not null default 'queued'
                check (status in ('queued', 'running', 'done', 'failed', 'cancelled')),
            stage text not null default 'Waiting',
            progress real not null default 0,
            error text not null default '',
            cancel_requested integer not null default 0,
            attempts integer not null default 0,
            created_at text not null,
            started_at text,
            finished_at text
        ) strict;
        insert into new_jobs select * from jobs;
        -- The last number given, also where its row is gone.
        delete from sqlite_sequence where name = 'new_jobs';
        insert into sqlite_sequence select 'new_jobs', seq from sqlite_sequence where name = 'jobs';
        drop table jobs;
        alter table new_jobs rename to jobs;
        create index jobs_waiting on jobs (status, kind, id);
        """,
    )


def m017_fact_changes(database: Database) -> None:
    """A number that every change of what is known of images increases, so that what was read of it can be kept."""
    _run(
        database,
        """
        create table fact_changes (number integer not null) strict;
        insert into fact_changes values (0);

        create trigger metadata_set after insert on metadata
            begin update fact_changes set number = number + 1; end;
        create trigger metadata_removed after delete on metadata
            begin update fact_changes set number = number + 1; end;
        create trigger image_facts_set after insert on image_facts
            begin update fact_changes set number = number + 1; end;
        create trigger file_facts_set after insert on file_facts
            begin update fact_changes set number = number + 1; end;
        create trigger images_measured after update of width, height on images
            begin update fact_changes set number = number + 1; end;
        """,
    )


def m018_classroom(database: Database) -> None:
    """Classes, the pupils who joined them, and the teacher's password as a hash."""
    _run(
        database,
        """
        create table classes (
            id text primary key,
            name text not null unique,
            code text not null unique,
            most_images integer not null,
            most_megabytes integer not null,
            ends_on text,
            is_locked integer not null default 0,
            is_board_shown integer not null default 1,
            opened_at text not null
        ) strict;

        -- What a pupil makes is in a home folder of its own, not in this database.
        create table pupils (
            id text primary key,
            class_id text not null references classes (id) on delete cascade,
            nickname text not null,
            folded text not null,
            ticket text not null,
            is_locked integer not null default 0,
            return_code text,
            return_until text,
            joined_at text not null,
            seen_at text,
            unique (class_id, folded)
        ) strict;

        create table teacher_password (
            hash text not null,
            version integer not null
        ) strict;
        """,
    )


def m019_class_results(database: Database) -> None:
    """A class's test set, how each pupil's iteration does on it, and pupils who were removed."""
    _run(
        database,
        """
        create table class_test_sets (
            class_id text primary key references classes (id) on delete cascade,
            project_id text not null references projects (id) on delete cascade
        ) strict;

        create table removed_pupils (
            pupil_id text primary key references pupils (id) on delete cascade,
            removed_at text not null
        ) strict;

        create table class_results (
            pupil_id text primary key references pupils (id) on delete cascade,
            iteration_id text not null,
            test_set text not null,
            is_right blob not null,
            missing_tags text not null,
            seen_images integer not null,
            error text not null
        ) strict;
        """,
    )


def m020_metadata_changes(database: Database) -> None:
    """A number that users' edits alone increase: what was read of files can be kept when it is all that increased."""
    _run(
        database,
        """
        create table metadata_changes (number integer not null) strict;
        insert into metadata_changes values (0);

        create trigger metadata_set_by_users after insert on metadata
            begin update metadata_changes set number = number + 1; end;
        create trigger metadata_removed_by_users after delete on metadata
            begin update metadata_changes set number = number + 1; end;
        """,
    )


def m021_lists_and_counts(database: Database) -> None:
    """Each list of images in an index of its own, in order of age, and how many images it has, kept by triggers.

    So a page of a tag's images, of those without tags or of those for testing is read without a look at the others.
    """
    _run(
        database,
        """
        alter table projects add column image_count integer not null default 0;
        alter table projects add column untagged_count integer not null default 0;
        alter table projects add column test_count integer not null default 0;
        alter table tags add column image_count integer not null default 0;
        alter table iterations add column image_count integer not null default 0;

        -- The image's own time, which stays while it is in the workspace.
        alter table image_tags add column image_created_at text not null default '';
        update image_tags set image_created_at = (select created_at from images where id = image_id);
        drop index images_of_tag;
        create index images_of_tag on image_tags (tag_id, image_created_at, image_id);

        alter table test_images add column project_id text not null default '';
        alter table test_images add column image_created_at text not null default '';
        update test_images set (project_id, image_created_at) =
            (select project_id, created_at from images where id = image_id);
        create index test_images_by_age on test_images (project_id, image_created_at, image_id);

        create table untagged_images (
            image_id text primary key references images (id) on delete cascade,
            project_id text not null,
            image_created_at text not null
        ) strict;
        insert into untagged_images select id, project_id, created_at from images
            where in_workspace = 1 and not exists (select 1 from image_tags where image_id = images.id);
        create index untagged_images_by_age on untagged_images (project_id, image_created_at, image_id);

        update projects set
            image_count = (select count(*) from images where project_id = projects.id and in_workspace = 1),
            untagged_count = (select count(*) from untagged_images where project_id = projects.id),
            test_count = (select count(*) from test_images where project_id = projects.id);
        update tags set image_count = (select count(*) from image_tags where tag_id = tags.id);
        update iterations set image_count = (select count(*) from iteration_images where iteration_id = iterations.id);

        create trigger image_came after insert on images when new.in_workspace begin
            update projects set image_count = image_count + 1 where id = new.project_id;
            insert into untagged_images values (new.id, new.project_id, new.created_at);
        end;
        create trigger image_came_back after update of in_workspace on images when new.in_workspace > old.in_workspace
        begin
            update projects set image_count = image_count + 1 where id = new.project_id;
            insert into untagged_images values (new.id, new.project_id, new.created_at);
        end;
        create trigger image_left after update of in_workspace on images when new.in_workspace < old.in_workspace
        begin
            update projects set image_count = image_count - 1 where id = new.project_id;
            delete from untagged_images where image_id = new.id;
        end;
        create trigger image_removed after delete on images when old.in_workspace begin
            update projects set image_count = image_count - 1 where id = old.project_id;
        end;

        create trigger image_tagged after insert on image_tags begin
            update tags set image_count = image_count + 1 where id = new.tag_id;
            delete from untagged_images where image_id = new.image_id;
        end;
        -- An image that is deleted with its project is not listed on its way.
        create trigger image_lost_tag after delete on image_tags begin
            update tags set image_count = image_count - 1 where id = old.tag_id;
            insert into untagged_images select id, project_id, created_at from images
                where id = old.image_id and in_workspace = 1
                and not exists (select 1 from image_tags where image_id = old.image_id)
                and exists (select 1 from projects where id = images.project_id);
        end;

        create trigger image_listed_untagged after insert on untagged_images begin
            update projects set untagged_count = untagged_count + 1 where id = new.project_id;
        end;
        create trigger image_unlisted_untagged after delete on untagged_images begin
            update projects set untagged_count = untagged_count - 1 where id = old.project_id;
        end;
        create trigger image_in_snapshot after insert on iteration_images begin
            update iterations set image_count = image_count + 1 where id = new.iteration_id;
        end;
        create trigger image_kept_for_testing after insert on test_images begin
            update projects set test_count = test_count + 1 where id = new.project_id;
        end;
        create trigger image_kept_for_training after delete on test_images begin
            update projects set test_count = test_count - 1 where id = old.project_id;
        end;
        """,
    )


def m022_facts_in_one_index(database: Database) -> None:
    """What is known of images in the index that has them in order of age, and metadata in lists by key and value.

    So a filter by a fact reads one index and no image's row.
    """
    database.conn.create_function("measured_3", 3, _measured_3, deterministic=True)
    _run(
        database,
        """
        -- How light the image is, and how steep its sharpest edge: `measures` has them, which SQL cannot read.
        alter table file_facts add column brightness real;
        alter table file_facts add column sharpness real;
        update file_facts set brightness = measured_3(version, numbers, 'brightness'),
            sharpness = measured_3(version, numbers, 'sharpness');

        alter table images add column folder text not null default '';
        alter table images add column upload text not null default '';
        alter table images add column camera text not null default '';
        alter table images add column day text not null default '';
        alter table images add column file_type text not null default '';
        alter table images add column brightness real;
        alter table images add column sharpness real;
        drop index images_by_age;
        update images set
            folder = coalesce((select value from image_facts where image_id = images.id and key = 'folder'), ''),
            upload = coalesce((select value from image_facts where image_id = images.id and key = 'upload'), '');
        update images set file_type = facts.file_type, camera = facts.camera, day = facts.day,
            brightness = facts.brightness, sharpness = facts.sharpness
            from file_facts as facts where facts.sha256 = images.sha256;
        create index images_by_age on images (project_id, in_workspace, created_at, id,
            folder, upload, camera, day, file_type, width, height, brightness, sharpness);

        create trigger image_of_known_file after insert on images begin
            update images set file_type = facts.file_type, camera = facts.camera, day = facts.day,
                brightness = facts.brightness, sharpness = facts.sharpness
                from file_facts as facts where facts.sha256 = new.sha256 and images.id = new.id;
        end;
        create trigger file_read after insert on file_facts begin
            update images set file_type = new.file_type, camera = new.camera, day = new.day,
                brightness = new.brightness, sharpness = new.sharpness where sha256 = new.sha256;
        end;
        create trigger image_came_from after insert on image_facts when new.key in ('folder', 'upload') begin
            update images set folder = case new.key when 'folder' then new.value else folder end,
                upload = case new.key when 'upload' then new.value else upload end where id = new.image_id;
        end;

        -- The image's own time while it is in the workspace, else null.
        alter table metadata add column project_id text not null default '';
        alter table metadata add column image_created_at text;
        update metadata set (project_id, image_created_at) =
            (select project_id, case when in_workspace then created_at end from images where id = image_id);
        create index metadata_by_value on metadata (project_id, key, value, image_created_at, image_id)
            where image_created_at is not null;
        create trigger image_with_metadata_moved after update of in_workspace on images
        when new.in_workspace <> old.in_workspace begin
            update metadata set image_created_at = case when new.in_workspace then new.created_at end
                where image_id = new.id;
        end;
        """,
    )


def _measured_3(version: int, numbers: bytes, name: str) -> float | None:
    """A measure of version 3 of `imaging.measures`, as that version lays them out; None where it has none."""
    if version != 3 or len(numbers) != 4 * 24:
        return None
    values: tuple[float, ...] = struct.unpack("<24f", numbers)
    if name == "brightness":
        return values[0]
    edge_1, edge_4 = values[22:]
    return edge_1 / edge_4 if edge_4 else None if edge_1 == 0 or math.isnan(edge_1) else math.inf


def m023_changes_of_trained_images(database: Database) -> None:
    """For each project, how often changed what is known of images that an iteration has: new images change nothing.

    So what was read of an iteration's images can be kept in files, whatever else is uploaded or changed.
    """
    _run(
        database,
        """
        alter table projects add column fact_changes integer not null default 0;
        alter table projects add column metadata_changes integer not null default 0;

        create trigger facts_of_trained_image_changed after update of
            width, height, folder, upload, camera, day, file_type, brightness, sharpness on images
        when (new.width, new.height, new.folder, new.upload, new.camera, new.day, new.file_type, new.brightness,
                new.sharpness) is not (old.width, old.height, old.folder, old.upload, old.camera, old.day,
                old.file_type, old.brightness, old.sharpness)
            and exists (select 1 from iteration_images where image_id = new.id) begin
            update projects set fact_changes = fact_changes + 1 where id = new.project_id;
        end;
        create trigger metadata_of_trained_image_set after insert on metadata
        when exists (select 1 from iteration_images where image_id = new.image_id) begin
            update projects set metadata_changes = metadata_changes + 1 where id = new.project_id;
        end;
        create trigger metadata_of_trained_image_removed after delete on metadata
        when exists (select 1 from iteration_images where image_id = old.image_id) begin
            update projects set metadata_changes = metadata_changes + 1 where id = old.project_id;
        end;
        """,
    )


Step = Callable[["Database"], None]
STEPS: tuple[Step, ...] = (
    m001_projects_images_and_tags,
    m002_iterations,
    m003_jobs_and_embeddings,
    m004_origins,
    m005_publications_and_predictions,
    m006_metadata,
    m007_thresholds,
    m008_test_images,
    m009_settled_doubts,
    m010_erased_images_and_settings,
    m011_trainings,
    m012_trash,
    m013_colours,
    m014_rekognition,
    m015_learning_curves,
    m016_facts,
    m017_fact_changes,
    m018_classroom,
    m019_class_results,
    m020_metadata_changes,
    m021_lists_and_counts,
    m022_facts_in_one_index,
    m023_changes_of_trained_images,
)


def apply(connection: sqlite3.Connection, steps: Sequence[Step] = STEPS) -> None:
    """Run the steps that the database has not had yet, each in one transaction with its record."""
    had = _applied(connection)
    left = [step for step in steps if step.__name__ not in had]
    if not left:
        return
    is_told = bool(had) and copies.is_large(connection)
    # Imported only here: if Streamlit is installed, it imports pandas, which would cost every command half a second.
    from sqlite_utils import Database, Migrations

    migrations = Migrations(_SET)
    for number, step in enumerate(left, start=1):
        told = _told(step, f"step {number} of {len(left)}, {step.__name__}") if is_told else step
        migrations(name=step.__name__)(told)
    migrations.apply(Database(connection))


def _told(step: Step, name: str) -> Step:
    """The step, which says on the console when it begins, and at its end how long it took."""

    def run(database: Database) -> None:
        log.warning("bringing the home folder up to date, %s: this can take minutes, do not stop it", name)
        started = time.monotonic()
        step(database)
        log.warning("done in %.0f s", time.monotonic() - started)

    return run


def next_step(connection: sqlite3.Connection) -> str | None:
    """The first step that a database of an earlier version has not had yet; None for a new one and the newest."""
    had = _applied(connection)
    return next((step.__name__ for step in STEPS if had and step.__name__ not in had), None)


def _applied(connection: sqlite3.Connection) -> set[str]:
    if not connection.execute("select 1 from sqlite_master where name = '_sqlite_migrations'").fetchone():
        return set()
    rows = connection.execute("select name from _sqlite_migrations where migration_set = ?", [_SET])
    return {name for (name,) in rows}


def _run(database: Database, script: str) -> None:
    # executescript() would commit the migration's transaction, so the statements run one by one.
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            database.execute(statement)
            statement = ""
