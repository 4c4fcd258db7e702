using System.Text.Json.Nodes;

namespace CardIssue.Test.Products.Json;

/// <summary>A JSON Schema, as far as ours go: which of its objects an object of a file is, and what it says of their properties.</summary>
internal sealed class SchemaNodes(string text)
{
    private readonly JsonNode _root = JsonNode.Parse(text)!;

    /// <summary>Every object with properties, by its place in the schema.</summary>
    public IReadOnlyDictionary<string, JsonObject> Objects
    {
        get
        {
            var found = new Dictionary<string, JsonObject>();
            Walk(_root, found);
            return found;
        }
    }

    /// <summary>
    /// The places in the schema that an object at a path of a file is described at: those that know all of its properties.
    /// </summary>
    public IEnumerable<string> PlacesOf(JsonNode file, IReadOnlyList<object> path)
    {
        var (at, schemas) = (file, Alternatives(_root).ToList());
        foreach (var step in path)
        {
            schemas = [.. schemas.Select(schema => step is string name ? schema["properties"]?[name] : schema["items"]).OfType<JsonNode>().SelectMany(Alternatives)];
            at = step is string property ? at[property]! : at[(int)step]!;
        }
        var own = at.AsObject().Select(property => property.Key).Where(name => name != Unknown).ToList();
        return schemas.Where(schema => schema["properties"] is JsonObject known && own.All(known.ContainsKey)).Select(schema => schema.GetPath());
    }

    /// <summary>A property that no schema has.</summary>
    public const string Unknown = "notOfTheSchema";

    /// <summary>The place of the list that an object is one of several in; its own where it is alone.</summary>
    public static string GroupOf(string place) => System.Text.RegularExpressions.Regex.Replace(place, @"\.(anyOf|oneOf)\[\d+\]$", "");

    /// <summary>Whether a property says what it is: itself, or by what it refers to.</summary>
    public bool IsDescribed(JsonNode property) =>
        property["description"] is not null || property["$ref"] is { } reference && Resolve(reference)["description"] is not null;

    private IEnumerable<JsonNode> Alternatives(JsonNode schema)
    {
        if (schema["$ref"] is { } reference) return Alternatives(Resolve(reference));
        var among = new[] { "anyOf", "oneOf" }.Select(word => schema[word]).OfType<JsonArray>().SelectMany(list => list).OfType<JsonNode>()
            .Where(one => one["properties"] is not null || one["$ref"] is not null || one["items"] is not null);
        return [schema, .. among.SelectMany(Alternatives)];
    }

    private JsonNode Resolve(JsonNode reference) =>
        reference.GetValue<string>()["#/".Length..].Split('/').Aggregate(_root, (node, step) => node[step]!);

    private static void Walk(JsonNode? node, Dictionary<string, JsonObject> found)
    {
        if (node is JsonArray list)
            foreach (var item in list) Walk(item, found);
        if (node is not JsonObject schema) return;
        // What only narrows an object that stands around it has no type.
        if (schema["properties"] is JsonObject properties && schema["type"] is not null) found[schema.GetPath()] = properties;
        foreach (var (_, inner) in schema) Walk(inner, found);
    }
}
