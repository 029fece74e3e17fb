"""What is refused on one machine is refused by the cluster: the same tests, on Kafka, PostgreSQL and Temporal server."""

from e2e.test_bad_documents import test_a_document_that_is_not_what_it_says
from e2e.test_bad_input import (
    test_a_body_that_is_no_json,
    test_a_chunked_body_over_the_limit_is_refused_at_the_byte,
    test_a_command_in_the_wrong_state,
    test_a_declared_length_over_the_limit_is_refused_unread,
    test_a_hundred_identical_posts_make_one_case,
    test_a_key_with_another_body_is_refused_and_the_first_answer_stays,
    test_a_post_without_a_usable_key,
    test_a_second_signature_is_absorbed,
    test_a_wrong_field_is_named,
    test_an_unknown_case_and_a_foreign_one_look_the_same,
    test_json_that_is_no_object,
    test_paths_and_methods_that_are_none,
    test_text_that_cannot_be_kept_is_refused,
    test_tokens_that_are_none,
)

__all__ = [
    "test_a_body_that_is_no_json",
    "test_a_chunked_body_over_the_limit_is_refused_at_the_byte",
    "test_a_command_in_the_wrong_state",
    "test_a_declared_length_over_the_limit_is_refused_unread",
    "test_a_document_that_is_not_what_it_says",
    "test_a_hundred_identical_posts_make_one_case",
    "test_a_key_with_another_body_is_refused_and_the_first_answer_stays",
    "test_a_post_without_a_usable_key",
    "test_a_second_signature_is_absorbed",
    "test_a_wrong_field_is_named",
    "test_an_unknown_case_and_a_foreign_one_look_the_same",
    "test_json_that_is_no_object",
    "test_paths_and_methods_that_are_none",
    "test_text_that_cannot_be_kept_is_refused",
    "test_tokens_that_are_none",
]
