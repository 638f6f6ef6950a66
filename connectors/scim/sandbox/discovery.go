package sandbox

import (
	"net/http"
	"strings"
)

// discovery answers the endpoints of RFC 7644 section 4.
func (c call) discovery(endpoint string) (answer, error) {
	if c.request.Method != http.MethodGet {
		return answer{}, c.notAllowed(http.MethodGet)
	}
	if c.query.Has("filter") {
		return answer{}, refuse(http.StatusForbidden, "", "/%s cannot be filtered (RFC 7644 section 4)", endpoint)
	}
	if endpoint == "ServiceProviderConfig" && c.id == "" {
		return jsonAnswer(http.StatusOK, c.config()), nil
	}
	var all []any
	var known []string
	for _, rt := range []*resourceType{&userType, &groupType} {
		switch endpoint {
		case "ResourceTypes":
			all, known = append(all, rt.document(c.origin)), append(known, rt.name)
		case "Schemas":
			for _, s := range append([]schema{rt.core}, rt.extensions...) {
				all, known = append(all, s.document(c.origin)), append(known, s.ID)
			}
		}
	}
	if c.id == "" {
		return jsonAnswer(http.StatusOK, newList(len(all), 1, all)), nil
	}
	for i, id := range known {
		if strings.EqualFold(id, c.id) {
			return jsonAnswer(http.StatusOK, all[i]), nil
		}
	}
	return answer{}, refuse(http.StatusNotFound, "", "/%s has no '%s'%s", endpoint, c.id, didYouMean(c.id, known))
}

type supported struct {
	Supported bool `json:"supported"`
}

// config is the ServiceProviderConfig of RFC 7643 section 5.
func (c call) config() any {
	return struct {
		Schemas []string  `json:"schemas"`
		Patch   supported `json:"patch"`
		Bulk    struct {
			supported
			MaxOperations  int `json:"maxOperations"`
			MaxPayloadSize int `json:"maxPayloadSize"`
		} `json:"bulk"`
		Filter struct {
			supported
			MaxResults int `json:"maxResults"`
		} `json:"filter"`
		ChangePassword supported           `json:"changePassword"`
		Sort           supported           `json:"sort"`
		ETag           supported           `json:"etag"`
		Authentication []map[string]string `json:"authenticationSchemes"`
		Meta           discoveryMeta       `json:"meta"`
	}{
		Schemas: []string{"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"},
		Patch:   supported{true},
		Filter: struct {
			supported
			MaxResults int `json:"maxResults"`
		}{supported{true}, c.options.MaxResults},
		ETag: supported{true},
		Authentication: []map[string]string{{
			"type": "oauthbearertoken", "name": "OAuth Bearer Token",
			"description": "A long-lived bearer token in the header Authorization",
			"specUri":     "https://www.rfc-editor.org/info/rfc6750",
		}},
		Meta: discoveryMeta{"ServiceProviderConfig", c.origin + "/ServiceProviderConfig"},
	}
}

type discoveryMeta struct {
	ResourceType string `json:"resourceType"`
	Location     string `json:"location"`
}

// document is the resource type of RFC 7643 section 6.
func (rt *resourceType) document(base string) any {
	type extension struct {
		Schema   string `json:"schema"`
		Required bool   `json:"required"`
	}
	extensions := []extension{}
	for _, e := range rt.extensions {
		extensions = append(extensions, extension{e.ID, false})
	}
	return struct {
		Schemas     []string      `json:"schemas"`
		ID          string        `json:"id"`
		Name        string        `json:"name"`
		Endpoint    string        `json:"endpoint"`
		Description string        `json:"description"`
		Schema      string        `json:"schema"`
		Extensions  []extension   `json:"schemaExtensions"`
		Meta        discoveryMeta `json:"meta"`
	}{
		[]string{"urn:ietf:params:scim:schemas:core:2.0:ResourceType"}, rt.name, rt.name, rt.endpoint,
		rt.description, rt.core.ID, extensions,
		discoveryMeta{"ResourceType", base + "/ResourceTypes/" + rt.name},
	}
}

// document is the schema of RFC 7643 section 7.
func (s schema) document(base string) any {
	return struct {
		Schemas     []string      `json:"schemas"`
		ID          string        `json:"id"`
		Name        string        `json:"name"`
		Description string        `json:"description"`
		Attributes  []attribute   `json:"attributes"`
		Meta        discoveryMeta `json:"meta"`
	}{
		[]string{"urn:ietf:params:scim:schemas:core:2.0:Schema"}, s.ID, s.Name, s.Description, announced(s.Attributes),
		discoveryMeta{"Schema", base + "/Schemas/" + s.ID},
	}
}

// announced leaves the hidden attributes out.
func announced(attributes []attribute) []attribute {
	shown := make([]attribute, 0, len(attributes))
	for _, a := range attributes {
		if a.hidden {
			continue
		}
		if a.Sub != nil {
			a.Sub = announced(a.Sub)
		}
		shown = append(shown, a)
	}
	return shown
}
