package api

import (
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
)

type object = map[string]any

// document is the OpenAPI 3.1 document of the routes.
func (s *Server) document() object {
	paths := object{}
	schemas := object{}
	for _, r := range s.routes {
		at, ok := paths[r.path].(object)
		if !ok {
			at = object{}
			paths[r.path] = at
		}
		at[strings.ToLower(r.method)] = operation(r, schemas)
	}
	return object{
		"openapi":    "3.1.0",
		"info":       object{"title": "A shop", "version": "1"},
		"paths":      paths,
		"components": object{"schemas": schemas, "securitySchemes": object{"token": object{"type": "http", "scheme": "bearer"}}},
	}
}

var inPath = regexp.MustCompile(`\{(\w+)\}`)

// operation is the entry of one route.
func operation(r route, schemas object) object {
	op := object{"summary": r.summary, "operationId": strings.Trim(regexp.MustCompile(`\W+`).ReplaceAllString(strings.ToLower(r.method)+r.path, "_"), "_")}
	ok := object{"description": "done"}
	switch {
	case r.out != nil:
		ok["content"] = object{"application/json": object{"schema": schema(reflect.TypeOf(r.out), rule{}, schemas)}}
	case strings.HasSuffix(r.path, "backup"):
		ok["content"] = object{"application/jsonl": object{"schema": object{"type": "string"}}}
	default:
		ok["content"] = object{"text/plain": object{"schema": object{"type": "string"}}}
	}
	responses := object{"200": ok}
	faults := append([]int{}, everywhere...)
	if r.role > Nobody {
		op["security"] = []object{{"token": []string{}}}
		faults = append(faults, http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests)
	}
	if r.in != nil {
		op["requestBody"] = object{"required": true, "content": object{"application/json": object{"schema": schema(reflect.TypeOf(r.in), rule{}, schemas)}}}
		faults = append(faults, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	problem := object{"application/json": object{"schema": schema(reflect.TypeOf(Problem{}), rule{}, schemas)}}
	for _, code := range append(faults, r.faults...) {
		responses[strconv.Itoa(code)] = object{"description": http.StatusText(code), "content": problem}
	}
	op["responses"] = responses
	var params []object
	for _, m := range inPath.FindAllStringSubmatch(r.path, -1) {
		params = append(params, object{"name": m[1], "in": "path", "required": true, "schema": object{"type": "string"}})
	}
	for _, name := range r.query {
		params = append(params, object{"name": name, "in": "query", "schema": object{"type": "string", "format": "date"}})
	}
	if params != nil {
		op["parameters"] = params
	}
	return op
}

// schema is the JSON schema of a type under the rule of its field. Structs go into schemas
// by name.
func schema(t reflect.Type, r rule, schemas object) object {
	switch t.Kind() {
	case reflect.Pointer:
		inner := schema(t.Elem(), r, schemas)
		return object{"anyOf": []any{inner, object{"type": "null"}}}
	case reflect.Slice:
		out := object{"type": "array"}
		if r.listed {
			out["minItems"], out["maxItems"] = r.least, r.most
		}
		r.listed, r.opt = false, false
		out["items"] = schema(t.Elem(), r, schemas)
		return out
	case reflect.Map:
		return object{"type": "object", "additionalProperties": schema(t.Elem(), rule{}, schemas)}
	case reflect.Interface:
		return object{}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return bounded(object{"type": "integer"}, r)
	case reflect.Float64, reflect.Float32:
		return bounded(object{"type": "number"}, r)
	case reflect.String:
		return textSchema(r)
	}
	if t == reflect.TypeFor[time.Time]() {
		return object{"type": "string", "format": "date-time"}
	}
	name := t.String()[strings.LastIndex(t.String(), ".")+1:]
	if strings.HasPrefix(t.String(), "shop.") {
		name = "Shop" + name
	}
	if _, done := schemas[name]; !done {
		schemas[name] = object{} // for a type that holds itself
		schemas[name] = fields(t, schemas)
	}
	return object{"$ref": "#/components/schemas/" + name}
}

// fields is the schema of a struct: everything is required that is not omitted when empty.
func fields(t reflect.Type, schemas object) object {
	properties, required := object{}, []string{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, option, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		properties[name] = schema(f.Type, parseRule(f.Tag.Get("rule")), schemas)
		if option != "omitempty" {
			required = append(required, name)
		}
	}
	return object{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

func bounded(s object, r rule) object {
	if r.ranged {
		s["minimum"], s["maximum"] = r.lo, r.hi
	}
	return s
}

// textSchema says of a text what checkText asks of it.
func textSchema(r rule) object {
	s := object{"type": "string"}
	if len(r.enum) > 0 {
		s["enum"] = r.enum
		return s
	}
	if most, ok := map[string]int{"id": maxID, "name": maxName, "text": maxText}[r.kind]; ok {
		s["maxLength"] = most
		if !r.opt {
			s["minLength"] = 1
		}
		switch r.kind {
		case "id":
			s["pattern"] = `^[^\x00-\x1f\x7f-\x9f]*$`
		case "name":
			s["pattern"] = namePattern
			if r.opt {
				s["pattern"] = `^[A-Za-z0-9_.-]*$`
			}
		case "text":
			s["pattern"] = `^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$`
		}
	}
	return s
}
