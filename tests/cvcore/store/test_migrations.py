"""The database's shape is what this file says, whatever step a home folder stood at."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlite_utils import Database

from cvcore.imaging import measures
from cvcore.records import ProjectSettings, TrainingOptions, TuningEpoch, TuningOutcome
from cvcore.store import ImageSearch, NumberIn, Store, TextIs, migrations
from cvcore.store.backups import copies

STEPS = [
    "m001_projects_images_and_tags",
    "m002_iterations",
    "m003_jobs_and_embeddings",
    "m004_origins",
    "m005_publications_and_predictions",
    "m006_metadata",
    "m007_thresholds",
    "m008_test_images",
    "m009_settled_doubts",
    "m010_erased_images_and_settings",
    "m011_trainings",
    "m012_trash",
    "m013_colours",
    "m014_rekognition",
    "m015_learning_curves",
    "m016_facts",
    "m017_fact_changes",
    "m018_classroom",
    "m019_class_results",
    "m020_metadata_changes",
    "m021_lists_and_counts",
    "m022_facts_in_one_index",
    "m023_changes_of_trained_images",
]

# Edit nothing here but by adding what a new step adds: steps that have landed stay as they are.
SCHEMA = {
    "_sqlite_migrations": """
        CREATE TABLE "_sqlite_migrations" (
            "id" INTEGER PRIMARY KEY, "migration_set" TEXT, "name" TEXT, "applied_at" TEXT )
    """,
    "idx__sqlite_migrations_migration_set_name": """
        CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
        ON "_sqlite_migrations" ("migration_set", "name")
    """,
    "projects": """
        CREATE TABLE projects (
            id text primary key,
            name text not null unique,
            description text not null,
            classification_type text not null check (classification_type in ('Multiclass', 'Multilabel')),
            domain_id text not null,
            created_at text not null,
            modified_at text not null
            , image_count integer not null default 0,
            untagged_count integer not null default 0,
            test_count integer not null default 0,
            fact_changes integer not null default 0,
            metadata_changes integer not null default 0) strict
    """,
    "tags": """
        CREATE TABLE tags (
            id text primary key,
            project_id text not null references projects (id) on delete cascade,
            name text not null,
            kind text not null check (kind in ('Regular', 'Negative')),
            created_at text not null,
            image_count integer not null default 0,
            unique (project_id, name)
        ) strict
    """,
    "one_negative_tag": "CREATE UNIQUE INDEX one_negative_tag on tags (project_id) where kind = 'Negative'",
    "images": """
        CREATE TABLE images (
            id text primary key,
            project_id text not null references projects (id) on delete cascade,
            sha256 text not null,
            name text not null,
            width integer not null,
            height integer not null,
            size_bytes integer not null,
            signature blob not null,
            in_workspace integer not null default 1,
            created_at text not null, folder text not null default '', upload text not null default '',
            camera text not null default '', day text not null default '', file_type text not null default '',
            brightness real, sharpness real,
            unique (project_id, sha256)
        ) strict
    """,
    "images_of_sha256": "CREATE INDEX images_of_sha256 on images (sha256)",
    "images_by_age": """
        CREATE INDEX images_by_age on images (project_id, in_workspace, created_at, id,
            folder, upload, camera, day, file_type, width, height, brightness, sharpness)
    """,
    "image_of_known_file": """
        CREATE TRIGGER image_of_known_file after insert on images begin
            update images set file_type = facts.file_type, camera = facts.camera, day = facts.day,
                brightness = facts.brightness, sharpness = facts.sharpness
                from file_facts as facts where facts.sha256 = new.sha256 and images.id = new.id;
        end
    """,
    "file_read": """
        CREATE TRIGGER file_read after insert on file_facts begin
            update images set file_type = new.file_type, camera = new.camera, day = new.day,
                brightness = new.brightness, sharpness = new.sharpness where sha256 = new.sha256;
        end
    """,
    "image_came_from": """
        CREATE TRIGGER image_came_from after insert on image_facts when new.key in ('folder', 'upload') begin
            update images set folder = case new.key when 'folder' then new.value else folder end,
                upload = case new.key when 'upload' then new.value else upload end where id = new.image_id;
        end
    """,
    "facts_of_trained_image_changed": """
        CREATE TRIGGER facts_of_trained_image_changed after update of
            width, height, folder, upload, camera, day, file_type, brightness, sharpness on images
        when (new.width, new.height, new.folder, new.upload, new.camera, new.day, new.file_type, new.brightness,
                new.sharpness) is not (old.width, old.height, old.folder, old.upload, old.camera, old.day,
                old.file_type, old.brightness, old.sharpness)
            and exists (select 1 from iteration_images where image_id = new.id) begin
            update projects set fact_changes = fact_changes + 1 where id = new.project_id;
        end
    """,
    "metadata_of_trained_image_set": """
        CREATE TRIGGER metadata_of_trained_image_set after insert on metadata
        when exists (select 1 from iteration_images where image_id = new.image_id) begin
            update projects set metadata_changes = metadata_changes + 1 where id = new.project_id;
        end
    """,
    "metadata_of_trained_image_removed": """
        CREATE TRIGGER metadata_of_trained_image_removed after delete on metadata
        when exists (select 1 from iteration_images where image_id = old.image_id) begin
            update projects set metadata_changes = metadata_changes + 1 where id = old.project_id;
        end
    """,
    "image_tags": """
        CREATE TABLE image_tags (
            image_id text not null references images (id) on delete cascade,
            tag_id text not null references tags (id) on delete cascade,
            image_created_at text not null default '',
            primary key (image_id, tag_id)
        ) strict
    """,
    "images_of_tag": "CREATE INDEX images_of_tag on image_tags (tag_id, image_created_at, image_id)",
    "iterations": """
        CREATE TABLE iterations (
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
            image_count integer not null default 0,
            unique (project_id, number),
            unique (project_id, name)
        ) strict
    """,
    "iteration_tags": """
        CREATE TABLE iteration_tags (
            iteration_id text not null references iterations (id) on delete cascade,
            position integer not null,
            tag_id text not null,
            name text not null,
            kind text not null,
            primary key (iteration_id, position)
        ) strict
    """,
    "iteration_images": """
        CREATE TABLE iteration_images (
            iteration_id text not null references iterations (id) on delete cascade,
            position integer not null,
            image_id text not null references images (id),
            tag_positions text not null,
            primary key (iteration_id, position)
        ) strict
    """,
    "iterations_of_image": "CREATE INDEX iterations_of_image on iteration_images (image_id)",
    "jobs": """
        CREATE TABLE "jobs" (
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
        ) strict
    """,
    "file_facts": """
        CREATE TABLE file_facts (
            sha256 text primary key,
            version integer not null,
            file_type text not null,
            camera text not null,
            day text not null,
            numbers blob not null
            , brightness real, sharpness real) strict
    """,
    "image_facts": """
        CREATE TABLE image_facts (
            image_id text not null references images (id) on delete cascade,
            key text not null,
            value text not null,
            primary key (image_id, key)
        ) strict
    """,
    "metadata_changes": "CREATE TABLE metadata_changes (number integer not null) strict",
    "metadata_set_by_users": """
        CREATE TRIGGER metadata_set_by_users after insert on metadata
        begin update metadata_changes set number = number + 1; end
    """,
    "metadata_removed_by_users": """
        CREATE TRIGGER metadata_removed_by_users after delete on metadata
        begin update metadata_changes set number = number + 1; end
    """,
    "fact_changes": "CREATE TABLE fact_changes (number integer not null) strict",
    "metadata_set": """
        CREATE TRIGGER metadata_set after insert on metadata
        begin update fact_changes set number = number + 1; end
    """,
    "metadata_removed": """
        CREATE TRIGGER metadata_removed after delete on metadata
        begin update fact_changes set number = number + 1; end
    """,
    "image_facts_set": """
        CREATE TRIGGER image_facts_set after insert on image_facts
        begin update fact_changes set number = number + 1; end
    """,
    "file_facts_set": """
        CREATE TRIGGER file_facts_set after insert on file_facts
        begin update fact_changes set number = number + 1; end
    """,
    "images_measured": """
        CREATE TRIGGER images_measured after update of width, height on images
        begin update fact_changes set number = number + 1; end
    """,
    "classes": """
        CREATE TABLE classes (
            id text primary key,
            name text not null unique,
            code text not null unique,
            most_images integer not null,
            most_megabytes integer not null,
            ends_on text,
            is_locked integer not null default 0,
            is_board_shown integer not null default 1,
            opened_at text not null
        ) strict
    """,
    "pupils": """
        CREATE TABLE pupils (
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
        ) strict
    """,
    "class_test_sets": """
        CREATE TABLE class_test_sets (
            class_id text primary key references classes (id) on delete cascade,
            project_id text not null references projects (id) on delete cascade
        ) strict
    """,
    "removed_pupils": """
        CREATE TABLE removed_pupils (
            pupil_id text primary key references pupils (id) on delete cascade,
            removed_at text not null
        ) strict
    """,
    "class_results": """
        CREATE TABLE class_results (
            pupil_id text primary key references pupils (id) on delete cascade,
            iteration_id text not null,
            test_set text not null,
            is_right blob not null,
            missing_tags text not null,
            seen_images integer not null,
            error text not null
        ) strict
    """,
    "teacher_password": "CREATE TABLE teacher_password ( hash text not null, version integer not null ) strict",
    "sqlite_sequence": "CREATE TABLE sqlite_sequence(name,seq)",
    "jobs_waiting": "CREATE INDEX jobs_waiting on jobs (status, kind, id)",
    "unchecked_images": "CREATE TABLE unchecked_images (sha256 text primary key) strict",
    "embeddings": """
        CREATE TABLE embeddings (
            sha256 text not null,
            fingerprint text not null,
            vector blob not null,
            primary key (sha256, fingerprint)
        ) strict
    """,
    "origins": """
        CREATE TABLE origins (
            project_id text not null references projects (id) on delete cascade,
            kind text not null check (kind in ('project', 'tag', 'image')),
            azure_id text not null,
            local_id text,
            note text not null,
            primary key (project_id, kind, azure_id)
        ) strict
    """,
    "one_project_per_azure_project": """
        CREATE UNIQUE INDEX one_project_per_azure_project on origins (azure_id) where kind = 'project'
    """,
    "publications": """
        CREATE TABLE publications (
            project_id text not null references projects (id) on delete cascade,
            name text not null,
            iteration_id text not null references iterations (id) on delete cascade,
            resource text not null,
            published_at text not null,
            primary key (project_id, name)
        ) strict
    """,
    "publications_of_iteration": "CREATE INDEX publications_of_iteration on publications (iteration_id)",
    "predictions": """
        CREATE TABLE predictions (
            id text primary key,
            project_id text not null references projects (id) on delete cascade,
            iteration_id text not null references iterations (id) on delete cascade,
            application text not null,
            sha256 text not null,
            probabilities text not null,
            created_at text not null
        ) strict
    """,
    "predictions_by_age": "CREATE INDEX predictions_by_age on predictions (project_id, created_at, id)",
    "predictions_of_sha256": "CREATE INDEX predictions_of_sha256 on predictions (sha256)",
    "predictions_of_iteration": "CREATE INDEX predictions_of_iteration on predictions (iteration_id)",
    "metadata": """
        CREATE TABLE metadata (
            image_id text not null references images (id) on delete cascade,
            key text not null,
            value text not null, project_id text not null default '', image_created_at text,
            primary key (image_id, key)
        ) strict
    """,
    "metadata_by_value": """
        CREATE INDEX metadata_by_value on metadata (project_id, key, value, image_created_at, image_id)
            where image_created_at is not null
    """,
    "image_with_metadata_moved": """
        CREATE TRIGGER image_with_metadata_moved after update of in_workspace on images
        when new.in_workspace <> old.in_workspace begin
            update metadata set image_created_at = case when new.in_workspace then new.created_at end
                where image_id = new.id;
        end
    """,
    "trainings": """
        CREATE TABLE trainings (
            iteration_id text primary key references iterations (id) on delete cascade,
            options text not null,
            outcome text,
            wrap_up integer not null default 0
        ) strict""",
    "tuning_rounds": """
        CREATE TABLE tuning_rounds (
            iteration_id text not null references iterations (id) on delete cascade,
            position integer not null,
            told text not null,
            primary key (iteration_id, position)
        ) strict""",
    "tuned_on": """
        CREATE TABLE tuned_on (
            fingerprint text not null,
            sha256 text not null,
            primary key (fingerprint, sha256)
        ) strict""",
    "thresholds": """
        CREATE TABLE thresholds (
            iteration_id text primary key references iterations (id) on delete cascade,
            chosen text not null
        ) strict
    """,
    "test_images": """
        CREATE TABLE test_images (
            image_id text primary key references images (id) on delete cascade
            , project_id text not null default '', image_created_at text not null default '') strict
    """,
    "iteration_test_images": """
        CREATE TABLE iteration_test_images (
            iteration_id text not null references iterations (id) on delete cascade,
            position integer not null,
            primary key (iteration_id, position)
        ) strict
    """,
    "settled_doubts": """
        CREATE TABLE settled_doubts (
            image_id text not null references images (id) on delete cascade,
            tag_id text not null references tags (id) on delete cascade,
            carried integer not null check (carried in (0, 1)),
            primary key (image_id, tag_id)
        ) strict
    """,
    "deleted_images": """
        CREATE TABLE deleted_images (
            image_id text primary key references images (id) on delete cascade,
            tag_ids text not null,
            is_test integer not null,
            deleted_at text not null
        ) strict
    """,
    "deleted_predictions": """
        CREATE TABLE deleted_predictions (
            id text primary key,
            project_id text not null references projects (id) on delete cascade,
            iteration_id text not null references iterations (id) on delete cascade,
            application text not null,
            sha256 text not null,
            probabilities text not null,
            created_at text not null,
            deleted_at text not null
        ) strict
    """,
    "deleted_predictions_of_project": """
        CREATE INDEX deleted_predictions_of_project on deleted_predictions (project_id, sha256)
    """,
    "deleted_predictions_of_sha256": "CREATE INDEX deleted_predictions_of_sha256 on deleted_predictions (sha256)",
    "deleted_predictions_of_iteration": """
        CREATE INDEX deleted_predictions_of_iteration on deleted_predictions (iteration_id)
    """,
    "erased_images": """
        CREATE TABLE erased_images (
            image_id text primary key references images (id) on delete cascade
        ) strict
    """,
    "tag_descriptions": """
        CREATE TABLE tag_descriptions (
            tag_id text primary key references tags (id) on delete cascade,
            description text not null
        ) strict
    """,
    "project_settings": """
        CREATE TABLE project_settings (
            project_id text primary key references projects (id) on delete cascade,
            settings text not null
        ) strict
    """,
    "settled_doubts_by_tag": "CREATE INDEX settled_doubts_by_tag on settled_doubts (tag_id)",
    "rekognition_arns": """
        CREATE TABLE rekognition_arns (
            arn text primary key,
            kind text not null check (kind in ('project', 'dataset', 'version')),
            created_ms integer not null,
            project_id text not null references projects (id) on delete cascade,
            iteration_id text references iterations (id) on delete cascade,
            purpose text check (purpose in ('TRAIN', 'TEST')),
            unique (kind, created_ms)
        ) strict
    """,
    "rekognition_arns_of_project": "CREATE INDEX rekognition_arns_of_project on rekognition_arns (project_id)",
    "one_arn_per_project": """
        CREATE UNIQUE INDEX one_arn_per_project on rekognition_arns (project_id) where kind = 'project'
    """,
    "one_arn_per_dataset": """
        CREATE UNIQUE INDEX one_arn_per_dataset on rekognition_arns (project_id, purpose) where kind = 'dataset'
    """,
    "one_arn_per_iteration": "CREATE UNIQUE INDEX one_arn_per_iteration on rekognition_arns (iteration_id)",
    "rekognition_tags": """
        CREATE TABLE rekognition_tags (
            arn text not null references rekognition_arns (arn) on delete cascade,
            key text not null,
            value text not null,
            primary key (arn, key)
        ) strict
    """,
    "rekognition_policies": """
        CREATE TABLE rekognition_policies (
            project_id text not null references projects (id) on delete cascade,
            name text not null,
            revision_id text not null,
            document text not null,
            created_at text not null,
            updated_at text not null,
            primary key (project_id, name)
        ) strict
    """,
    "rekognition_versions": """
        CREATE TABLE rekognition_versions (
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
        ) strict
    """,
    "rekognition_datasets": """
        CREATE TABLE rekognition_datasets (
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
        ) strict
    """,
    "rekognition_pending_lines": """
        CREATE TABLE rekognition_pending_lines (
            id integer primary key,
            project_id text not null,
            purpose text not null,
            line text not null,
            foreign key (project_id, purpose) references rekognition_datasets (project_id, purpose) on delete cascade
        ) strict
    """,
    "rekognition_pending_lines_of_dataset": """
        CREATE INDEX rekognition_pending_lines_of_dataset on rekognition_pending_lines (project_id, purpose, id)
    """,
    "rekognition_sources": """
        CREATE TABLE rekognition_sources (
            project_id text not null references projects (id) on delete cascade,
            source text not null,
            image_id text not null references images (id) on delete cascade,
            line text not null,
            primary key (project_id, source)
        ) strict
    """,
    "rekognition_sources_of_image": "CREATE INDEX rekognition_sources_of_image on rekognition_sources (image_id)",
    "rekognition_refused_lines": """
        CREATE TABLE rekognition_refused_lines (
            id integer primary key,
            project_id text not null,
            purpose text not null,
            source text not null,
            line text not null,
            labels text not null,
            errors text not null,
            foreign key (project_id, purpose) references rekognition_datasets (project_id, purpose) on delete cascade
        ) strict
    """,
    "rekognition_refused_lines_of_dataset": """
        CREATE INDEX rekognition_refused_lines_of_dataset on rekognition_refused_lines (project_id, purpose, id)
    """,
    "test_images_by_age": "CREATE INDEX test_images_by_age on test_images (project_id, image_created_at, image_id)",
    "untagged_images": """
        CREATE TABLE untagged_images (
            image_id text primary key references images (id) on delete cascade,
            project_id text not null,
            image_created_at text not null
        ) strict
    """,
    "untagged_images_by_age": """
        CREATE INDEX untagged_images_by_age on untagged_images (project_id, image_created_at, image_id)
    """,
    "image_came": """
        CREATE TRIGGER image_came after insert on images when new.in_workspace begin
            update projects set image_count = image_count + 1 where id = new.project_id;
            insert into untagged_images values (new.id, new.project_id, new.created_at);
        end
    """,
    "image_came_back": """
        CREATE TRIGGER image_came_back after update of in_workspace on images when new.in_workspace > old.in_workspace
        begin
            update projects set image_count = image_count + 1 where id = new.project_id;
            insert into untagged_images values (new.id, new.project_id, new.created_at);
        end
    """,
    "image_left": """
        CREATE TRIGGER image_left after update of in_workspace on images when new.in_workspace < old.in_workspace
        begin
            update projects set image_count = image_count - 1 where id = new.project_id;
            delete from untagged_images where image_id = new.id;
        end
    """,
    "image_removed": """
        CREATE TRIGGER image_removed after delete on images when old.in_workspace begin
            update projects set image_count = image_count - 1 where id = old.project_id;
        end
    """,
    "image_tagged": """
        CREATE TRIGGER image_tagged after insert on image_tags begin
            update tags set image_count = image_count + 1 where id = new.tag_id;
            delete from untagged_images where image_id = new.image_id;
        end
    """,
    "image_lost_tag": """
        CREATE TRIGGER image_lost_tag after delete on image_tags begin
            update tags set image_count = image_count - 1 where id = old.tag_id;
            insert into untagged_images select id, project_id, created_at from images
                where id = old.image_id and in_workspace = 1
                and not exists (select 1 from image_tags where image_id = old.image_id)
                and exists (select 1 from projects where id = images.project_id);
        end
    """,
    "image_listed_untagged": """
        CREATE TRIGGER image_listed_untagged after insert on untagged_images begin
            update projects set untagged_count = untagged_count + 1 where id = new.project_id;
        end
    """,
    "image_unlisted_untagged": """
        CREATE TRIGGER image_unlisted_untagged after delete on untagged_images begin
            update projects set untagged_count = untagged_count - 1 where id = old.project_id;
        end
    """,
    "image_in_snapshot": """
        CREATE TRIGGER image_in_snapshot after insert on iteration_images begin
            update iterations set image_count = image_count + 1 where id = new.iteration_id;
        end
    """,
    "image_kept_for_testing": """
        CREATE TRIGGER image_kept_for_testing after insert on test_images begin
            update projects set test_count = test_count + 1 where id = new.project_id;
        end
    """,
    "image_kept_for_training": """
        CREATE TRIGGER image_kept_for_training after delete on test_images begin
            update projects set test_count = test_count - 1 where id = old.project_id;
        end
    """,
}

AT = "2026-01-02T03:04:05.678901+00:00"

ADVANCED = TrainingOptions(
    is_advanced=True, budget_minutes=2.5, transforms=("mirror",), costs=(("t", 3.0),), start_from="q", notify_url="u"
)
OUTCOME = TuningOutcome(60, 50, 44, 0.03, 2, 9, 70.5, "budget", "cpu")
ROUND = TuningEpoch(0, 1, 1e-4, 0.7, 0.9, None, 250.0, 11.5)

# What a home folder may hold once it stands at that step: table and row, every column given.
ROWS: dict[str, list[tuple[str, tuple[Any, ...]]]] = {
    STEPS[0]: [
        ("projects", ("p", "flowers", "from the garden", "Multilabel", "general", AT, AT)),
        ("tags", ("t", "p", "rose", "Regular", AT)),
        ("tags", ("n", "p", "nothing", "Negative", AT)),
        ("images", ("i", "p", "0" * 64, "1.jpg", 640, 480, 1000, bytes(192), 1, AT)),
        ("images", ("j", "p", "1" * 64, "2.jpg", 640, 480, 1000, bytes(192), 0, AT)),
        ("image_tags", ("i", "t")),
    ],
    STEPS[1]: [
        (
            "iterations",
            (
                "r", "p", 1, "Iteration 1", "Completed", "Multilabel", "general", "digest", "MobileNetV2", "f1", "",
                '{"method": "k-fold", "folds": 5, "seed": 0}',
                '{"precision": 0.5, "recall": null, "f1": null, "average_precision": 1.0}',
                '{"total": 1.5}', "", AT, AT,
            ),
        ),
        ("iteration_tags", ("r", 0, "t", "rose", "Regular")),
        ("iteration_images", ("r", 0, "j", "[0]")),
    ],
    STEPS[2]: [
        ("jobs", (7, "train", "p", "r", "done", "Saved", 1.0, "", 0, 1, AT, AT, AT)),
        ("embeddings", ("0" * 64, "f1", bytes(8))),
    ],
    STEPS[3]: [
        ("origins", ("p", "project", "a", "p", "")),
        ("origins", ("p", "image", "b", None, "refused")),
    ],
    STEPS[4]: [
        ("publications", ("p", "garden", "r", "/subscriptions/0", AT)),
        ("predictions", ("q", "p", "r", "", "2" * 64, '[["rose", "Regular", 0.5, "t"]]', AT)),
    ],
    STEPS[5]: [("metadata", ("i", "room", "12"))],
    STEPS[6]: [("thresholds", ("r", "[0.25]"))],
    STEPS[7]: [("test_images", ("i",)), ("iteration_test_images", ("r", 0))],
    STEPS[8]: [("settled_doubts", ("j", "t", 1))],
    STEPS[9]: [
        ("erased_images", ("j",)),
        ("tag_descriptions", ("t", "with thorns")),
        ("project_settings", ("p", '{"target_export_platforms": ["ONNX"], "augmentation_methods": [["flip", false]]}')),
    ],
    STEPS[10]: [
        ("trainings", ("r", json.dumps(dataclasses.asdict(ADVANCED)), json.dumps(dataclasses.asdict(OUTCOME)), 1)),
        ("tuning_rounds", ("r", 0, json.dumps(dataclasses.asdict(ROUND)))),
        ("tuned_on", ("f1", "0" * 64)),
    ],
    STEPS[11]: [
        ("deleted_images", ("j", "t", 1, AT)),
        ("deleted_predictions", ("s", "p", "r", "", "3" * 64, "[]", AT, AT)),
    ],
    STEPS[12]: [],  # the step itself fills its table
    STEPS[13]: [
        ("rekognition_arns", ("arn:p", "project", 1, "p", None, None)),
        ("rekognition_arns", ("arn:d", "dataset", 1, "p", None, "TRAIN")),
        ("rekognition_arns", ("arn:v", "version", 1, "p", "r", None)),
        ("rekognition_tags", ("arn:p", "team", "garden")),
        ("rekognition_policies", ("p", "copy", "1", "{}", AT, AT)),
        ("rekognition_versions", ("r", "arn:v", "first", "", "b", "out", "RUNNING", 1, None, "", "", '{"a": [1]}', AT)),
        ("rekognition_datasets", ("p", "TRAIN", "arn:d", "CREATE_IN_PROGRESS", "busy", "SUCCESS", "", AT, AT)),
        ("rekognition_pending_lines", (1, "p", "TRAIN", '{"source-ref": "s3://b/2.jpg"}')),
        ("rekognition_sources", ("p", "s3://b/1.jpg", "i", '{"source-ref": "s3://b/1.jpg"}')),
        ("rekognition_refused_lines", (1, "p", "TRAIN", "", "nonsense", "[]", '[["ERROR_X", "why"]]')),
    ],
    STEPS[14]: [],  # the table of jobs, made anew
    STEPS[15]: [
        ("file_facts", ("0" * 64, 1, "JPEG", "Pixel 7", "2026-05-31", bytes(8))),
        ("image_facts", ("i", "folder", "garden")),
    ],
    STEPS[16]: [],  # triggers, and their number
    STEPS[17]: [
        ("classes", ("c", "4b", "ABC234", 2000, 1000, None, 0, 1, AT)),
        ("pupils", ("u", "c", "Anna", "anna", "x", 0, None, None, AT, None)),
        ("teacher_password", ("$scrypt", 1)),
    ],
    STEPS[18]: [
        ("class_test_sets", ("c", "p")),
        ("removed_pupils", ("u", AT)),
        ("class_results", ("u", "r", "a", b"\1\0", '["tulip"]', 0, "")),
    ],
    STEPS[19]: [],  # triggers, and their number
    STEPS[20]: [],  # columns, and a list that triggers fill
    STEPS[21]: [],  # columns that triggers fill
    STEPS[22]: [],  # numbers that triggers count
}  # fmt: skip


def schema(path: Path) -> dict[str, str]:
    """Every table's and index' SQL by its name, one space between words."""
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("select name, sql from sqlite_master where sql is not null").fetchall()
    return {name: " ".join(sql.split()) for name, sql in found}


def rows(path: Path, table: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"select * from {table} order by rowid").fetchall()


def home_at(step: int, home: Path) -> Path:
    """A home folder whose database has had the first steps only, with rows in every table there is."""
    home.mkdir()
    with closing(sqlite3.connect(home / "tagwise.db")) as connection:
        migrations.apply(connection, migrations.STEPS[:step])
        for name in STEPS[:step]:
            for table, row in ROWS[name]:
                marks = ", ".join("?" * len(row))
                # Columns that a later step added have defaults.
                names = [name for (name,) in connection.execute("select name from pragma_table_info(?)", [table])]
                columns = ", ".join(names[: len(row)])
                connection.execute(f"insert into {table} ({columns}) values ({marks})", row)
        connection.commit()
    return home


def test_a_new_home_has_the_whole_schema(tmp_path: Path) -> None:
    """A home folder's database has the tables and indexes stated here, and no others."""
    Store(tmp_path).close()
    assert schema(tmp_path / "tagwise.db") == {name: " ".join(sql.split()) for name, sql in SCHEMA.items()}


@pytest.mark.parametrize("step", range(len(STEPS) + 1))
def test_every_older_home_comes_up_to_date(step: int, tmp_path: Path) -> None:
    """From any older step a home gets the newest schema and keeps every row it had."""
    home = home_at(step, tmp_path / "home")
    Store(home).close()
    assert schema(home / "tagwise.db") == {name: " ".join(sql.split()) for name, sql in SCHEMA.items()}
    for name in STEPS[:step]:
        for table in {table for table, _ in ROWS[name]}:
            before = [row for other, row in ROWS[name] if other == table]
            kept = [row[: len(before[0])] for row in rows(home / "tagwise.db", table)]
            assert before == kept


COUNTED = {
    "select id, image_count from projects": "select id, (select count(*) from images where project_id = projects.id"
    " and in_workspace = 1) from projects",
    "select id, untagged_count from projects": "select id, (select count(*) from images where project_id = projects.id"
    " and in_workspace = 1 and id not in (select image_id from image_tags)) from projects",
    "select id, test_count from projects": "select id, (select count(*) from test_images join images on images.id ="
    " image_id where images.project_id = projects.id) from projects",
    "select id, image_count from tags": "select id, (select count(*) from image_tags where tag_id = tags.id) from tags",
    "select id, image_count from iterations": "select id, (select count(*) from iteration_images where iteration_id ="
    " iterations.id) from iterations",
    "select image_id, image_created_at from image_tags": "select image_id, created_at from image_tags join images on"
    " images.id = image_id",
    "select image_id, image_created_at from untagged_images": "select id, created_at from images where in_workspace = 1"
    " and id not in (select image_id from image_tags)",
}


@pytest.mark.parametrize("query", COUNTED)
def test_an_older_home_s_lists_are_counted(query: str, tmp_path: Path) -> None:
    """The numbers and lists that are kept are those of the rows that were there before they were kept."""
    home = home_at(STEPS.index("m021_lists_and_counts"), tmp_path / "home")
    with closing(sqlite3.connect(home / "tagwise.db")) as connection:
        # Beside each image another one, without tags.
        names = [name for (name,) in connection.execute("select name from pragma_table_info('images')")]
        others = {"id": "id || '-2'", "sha256": "'ab' || substr(sha256, 3)"}
        values = ", ".join(others.get(name, name) for name in names)
        connection.execute(f"insert into images ({', '.join(names)}) select {values} from images")
        connection.commit()
    Store(home).close()
    with closing(sqlite3.connect(home / "tagwise.db")) as connection:
        found, expected = (sorted(connection.execute(each).fetchall()) for each in (query, COUNTED[query]))
    assert expected == found
    assert found


def test_an_older_home_s_facts_are_in_the_index(tmp_path: Path) -> None:
    """What was known of images, their files and their metadata before it was in one index is found there."""
    home = home_at(STEPS.index("m022_facts_in_one_index"), tmp_path / "home")
    numbers = np.zeros(len(measures.NAMES), "<f4")
    numbers[[measures.NAMES.index(name) for name in ("brightness", "edge_1", "edge_4")]] = 0.25, 3, 4
    with closing(sqlite3.connect(home / "tagwise.db")) as connection:
        connection.execute("update file_facts set version = 3, numbers = ?", [numbers.tobytes()])
        connection.execute("insert into metadata values ('j', 'room', '12')")
        connection.commit()
    store = Store(home)
    (project,) = store.projects.all()
    (image,) = store.images.page(project.id, take=9)
    facts = [TextIs("folder", "garden"), TextIs("camera", "Pixel 7"), TextIs("upload", "")]
    facts += [NumberIn("brightness", (0.25, 0.26)), NumberIn("sharpness", (0.75, 0.76))]
    for known in facts:
        assert [image.id] == store.searches.ids(ImageSearch(project.id, known=known))
    # The image in the trash has the same metadata.
    assert {"12": 1} == store.metadata.values(project.id, "room")


def test_a_measure_of_another_version_is_not_read(tmp_path: Path) -> None:
    """Numbers that another version measured, in another order, are no brightness."""
    store = Store(home_at(STEPS.index("m022_facts_in_one_index"), tmp_path / "home"))
    (project,) = store.projects.all()
    assert {"folder", "camera", "day", "file_type"} <= store.known_facts.of_any(project.id)
    assert "brightness" not in store.known_facts.of_any(project.id)


@pytest.mark.parametrize("step", [1, len(STEPS) - 1])
def test_the_way_back_is_kept(step: int, tmp_path: Path) -> None:
    """Before a schema is changed, the database is copied as it was: schema, rows, readable by its owner only."""
    home = home_at(step, tmp_path / "home")
    before = schema(home / "tagwise.db")
    Store(home).close()
    (copy,) = (home / "backups").iterdir()
    assert f"before-{STEPS[step]}.db" == copy.name
    assert (before, 0o600) == (schema(copy), copy.stat().st_mode & 0o777)
    (kept,), (migrated,) = rows(copy, "projects"), rows(home / "tagwise.db", "projects")
    assert kept == migrated[: len(kept)]


def test_a_large_home_says_what_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The copy and each step are said on the console; a small home and a new one are quiet."""
    Store(home_at(len(STEPS) - 2, tmp_path / "small")).close()
    monkeypatch.setattr(copies, "LARGE_BYTES", 0)
    Store(tmp_path / "new").close()
    assert [] == caplog.messages
    Store(home_at(len(STEPS) - 2, tmp_path / "large")).close()
    first, *steps = caplog.messages
    assert f"keeping a copy of the database for the way back: {tmp_path / 'large' / 'backups'}" in first
    for number, step in enumerate(STEPS[-2:], start=1):
        begun, ended = steps[2 * number - 2 : 2 * number]
        assert f"up to date, step {number} of 2, {step}: this can take minutes, do not stop it" in begun
        assert ended.startswith("done in ")


@pytest.mark.parametrize("step", [0, len(STEPS)])
def test_nothing_is_copied_where_nothing_changes(step: int, tmp_path: Path) -> None:
    """A new home, and one that is up to date, get no copy."""
    home = home_at(step, tmp_path / "home")
    Store(home).close()
    assert not (home / "backups").exists()


def test_three_ways_back_are_kept(tmp_path: Path) -> None:
    """The newest three copies stay."""
    home = home_at(2, tmp_path / "home")
    with closing(sqlite3.connect(home / "tagwise.db")) as connection:
        for step in ("m003_c", "m001_a", "m004_d", "m002_b", "m005_e"):
            copies.keep_before(step, connection, home)
    assert ["before-m003_c.db", "before-m004_d.db", "before-m005_e.db"] == sorted(
        path.name for path in (home / "backups").iterdir()
    )


def test_a_step_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a step fails, the database stays as it was, and can be opened again."""
    home = home_at(len(STEPS), tmp_path / "home")
    before = schema(home / "tagwise.db")

    def m999_fails(database: Database) -> None:
        database.execute("create table half (a)")
        raise RuntimeError("half way")

    with monkeypatch.context() as patch:
        patch.setattr(migrations, "STEPS", (*migrations.STEPS, m999_fails))
        patch.setattr(migrations.apply, "__defaults__", ((*migrations.STEPS,),))
        with pytest.raises(RuntimeError, match="half way"):
            Store(home)
    assert before == schema(home / "tagwise.db")
    Store(home).close()


def test_what_older_homes_hold_is_read(tmp_path: Path) -> None:
    """The rows of a full home are read as records, undefined scores as None."""
    store = Store(home_at(len(STEPS), tmp_path / "home"))
    (project,) = store.projects.all()
    assert [(tag.name, tag.kind, tag.image_count, tag.description) for tag in store.tags.of_project(project.id)] == [
        ("nothing", "Negative", 0, ""),
        ("rose", "Regular", 1, "with thorns"),
    ]
    assert project.settings == ProjectSettings(("ONNX",), (("flip", False),))
    assert [image.name for image in store.images.page(project.id, take=9)] == ["1.jpg"]
    (iteration,) = store.iterations.of_project(project.id)
    assert iteration.scores is not None
    assert (iteration.scores.precision, iteration.scores.recall) == (0.5, None)
    assert iteration.thresholds == (0.25,)
    assert store.trainings.options(iteration.id) == ADVANCED
    assert store.trainings.outcome(iteration.id) == OUTCOME
    assert store.trainings.epochs(iteration.id) == [ROUND]
    assert store.trainings.is_finishing_early(iteration.id)
    assert store.trainings.tuned_on("f1") == {"0" * 64}
    version = store.rekognition_versions.find(iteration.id)
    assert version is not None
    assert (version.state, version.min_units, version.details) == ("RUNNING", 1, {"a": [1]})
    assert [image.name for image in store.iterations.images(iteration.id)] == ["2.jpg"]
    assert store.jobs.get(7).iteration_id == iteration.id
    assert store.embeddings.get("f1", ["0" * 64])["0" * 64].tolist() == [0.0, 0.0]


def test_what_was_stored_before_is_checked(tmp_path: Path) -> None:
    """Every image that is stored, and every image that has an embedding, is to be checked; later ones are not."""
    store = Store(home_at(STEPS.index("m013_colours"), tmp_path / "home"))
    digests = ["0" * 64, "1" * 64]
    assert digests == store.embeddings.unchecked(digests)
    assert [] == store.embeddings.unchecked(["9" * 64])
    assert ["0" * 64] == store.embeddings.unchecked(["9" * 64, "0" * 64])
    store.embeddings.check_off(["0" * 64])
    assert [] == store.embeddings.unchecked(["0" * 64])


def test_numbers_of_jobs_are_never_used_again(tmp_path: Path) -> None:
    """The table of jobs that was made anew goes on counting after jobs that were deleted before."""
    home = home_at(STEPS.index("m015_learning_curves"), tmp_path / "home")
    with closing(sqlite3.connect(home / "tagwise.db")) as connection:
        connection.execute("delete from jobs")
        connection.commit()
    store = Store(home)
    (project,) = store.projects.all()
    assert 8 == store.jobs.add("learning-curve", project.id).id


def test_the_steps_are_these() -> None:
    """Steps are only added at the end, never renamed or taken out."""
    assert [step.__name__ for step in migrations.STEPS] == STEPS


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    """Each step runs once, however often a home is opened."""
    home = home_at(len(STEPS), tmp_path / "home")
    before = {name: rows(home / "tagwise.db", name) for name in ("_sqlite_migrations", "projects", "images", "jobs")}
    for _ in range(2):
        Store(home).close()
    assert {name: rows(home / "tagwise.db", name) for name in before} == before


def test_a_home_that_is_up_to_date_opens_fast(at_once: Callable[..., list[str]], tmp_path: Path) -> None:
    """Commands on a home that needs no step import no sqlite-utils, which brings in pandas: half a second."""
    Store(tmp_path).close()
    script = "Store(home).projects.all(); print({'sqlite_utils', 'pandas'} & set(sys.modules))"
    assert at_once(script, tmp_path, processes=1) == ["set()"]


def test_processes_may_open_a_new_home_at_once(at_once: Callable[..., list[str]], tmp_path: Path) -> None:
    """Of processes that open the same new home together each finds it whole, and each step has run once."""
    script = """
        import time
        def opened(turn):
            while time.time() < begin + 0.03 * turn:
                pass
            return len(Store(home / str(turn)).projects.all())
        print([opened(turn) for turn in range(40)])
    """
    assert at_once(script, tmp_path, processes=5) == [str([0] * 40)] * 5
    for turn in range(40):
        assert [row[2] for row in rows(tmp_path / str(turn) / "tagwise.db", "_sqlite_migrations")] == STEPS
