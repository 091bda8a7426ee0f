package filter

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type schemaObject struct {
	Description string
	Default     any
	Properties  map[string]schemaObject
	Defs        map[string]schemaObject `json:"$defs"`
	// AdditionalProperties is false or a schema.
	AdditionalProperties any
	MaxProperties        int
}

func parsedSchema(t *testing.T) schemaObject {
	t.Helper()
	var s schemaObject
	require.NoError(t, json.Unmarshal(Schema, &s))
	return s
}

func namesOf[T any](known []key[T]) []string {
	var names []string
	for _, k := range known {
		names = append(names, k.name)
	}
	slices.Sort(names)
	return names
}

func TestSchemaAndDecoderKnowTheSameKeys(t *testing.T) {
	s := parsedSchema(t)
	for name, tc := range map[string]struct {
		object schemaObject
		keys   []string
	}{
		"Config":        {s, namesOf(configKeys)},
		"Policy":        {s.Defs["policy"], namesOf(policyKeys)},
		"BodyOptions":   {s.Defs["body"], namesOf(bodyKeys)},
		"BlockResponse": {s.Defs["block"], namesOf(blockKeys)},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.keys, slices.Sorted(maps.Keys(tc.object.Properties)))
			assert.Equal(t, false, tc.object.AdditionalProperties)
			for key, p := range tc.object.Properties {
				assert.NotEmpty(t, p.Description, key)
			}
		})
	}
}

func TestSchemaTellsTheDefaultsInForce(t *testing.T) {
	s := parsedSchema(t)
	doc := map[string]any{}
	for name, p := range s.Properties {
		if p.Default != nil && name != "disabled" {
			doc[name] = p.Default
		}
	}
	body := map[string]any{}
	for name, p := range s.Defs["body"].Properties {
		body[name] = p.Default
	}
	doc["request_body"], doc["response_body"] = body, body
	text, err := json.Marshal(doc)
	require.NoError(t, err)
	assert.Equal(t, withoutPlaces(mustParse(t, "")), withoutPlaces(mustParse(t, string(text))))
	assert.Equal(t, MaxLabels, s.Properties["metric_labels"].MaxProperties)
}
