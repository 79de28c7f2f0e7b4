/// Wire records and the OpenAPI document: what callers and operators see, and nothing else.
@NullMarked
package triage.api;

import org.jspecify.annotations.NullMarked;
