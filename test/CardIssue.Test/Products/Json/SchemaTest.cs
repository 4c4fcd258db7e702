using System.Text;
using System.Text.Json.Nodes;
using CardIssue.Core.Cards.Products.Json;

namespace CardIssue.Test.Products.Json;

/// <summary>
/// The schemas that editors use, against what the readers ask for. Into every object of a file that has everything a property is put that
/// nobody knows: the reader then says which it knows there.
/// </summary>
public sealed class SchemaTest
{
    /// <summary>Every kind of object that a product has; that no card could be made of it does not matter here.</summary>
    private const string Product = """
        {
          "name": "all", "version": 1, "profile": "globalplatform", "mode": "endToEnd", "keySet": "k", "keyVersion": "30", "diversification": "kdf3",
          "securityLevel": "33", "securityDomain": "A000000151000000",
          "ownKeys": {"keySet": "own", "keyVersion": "31", "diversification": "kdf3", "put": "add"},
          "securityDomains": [{"name": "d", "aid": "A00000015153504101", "keySet": "p", "keyVersion": "41", "diversification": "kdf3"}],
          "programs": [{"name": "p", "package": "F0434953530101", "version": "1.0", "sha256": "00"}],
          "identity": [{"getData": "DF01"}, {"assigned": {"tag": "0045"}}],
          "acceptedStates": {"scope": "applications", "aid": "A0000000031010", "states": ["07"]},
          "storeData": {"packed": false}, "quirks": {"countsEmptyCommands": true},
          "csv": {"orderId": "O", "customerId": "C", "fields": {"f": "F"}},
          "records": [
            {"name": "one", "proof": "readBack", "repeat": {"startOver": "one"}, "status": {"scope": "card", "aid": "A000000151000000", "state": "0F"},
              "items": [
                {"dgi": "0101", "field": "f", "as": "ascii"}, {"dgi": "0102", "tlv": [{"tag": "70", "field": "f", "as": "hex"}]},
                {"tag": "DF01", "field": "f", "as": "ascii"}, {"hexDgi": "f"}, {"command": "80D40000", "field": "f", "as": "hex"},
                {"putKeys": true}, {"domainKeys": "d"}, {"delete": "F043495353010101"},
                {"extradite": "F043495353010101", "securityDomain": "A000000151000000"}, {"registryUpdate": "F043495353010101"},
                {"load": "p", "whenThere": "accept", "dap": [{"securityDomain": "A000000151000000", "signature": "00"}]},
                {"install": "F043495353010101", "program": "p", "module": "F043495353010101", "whenThere": "accept",
                  "parameters": {"field": "f", "as": "hex"}}
              ],
              "checks": [
                {"readRecord": {"sfi": 1, "record": 1}, "done": {"field": "f", "as": "hex"}, "notDone": {"state": "07"}},
                {"getData": "DF01", "done": {"sha256": {"field": "f", "as": "hex"}}},
                {"lifeCycle": {"scope": "applications", "aid": "A0000000031010"}, "done": {"state": "0F"}}
              ]}
          ],
          "close": {"items": []},
          "closeLook": [{"getData": "DF01", "done": "nothing"}],
          "rewrites": [
            {"name": "again", "before": [{"getData": "DF01", "done": "nothing"}], "storeData": {"packed": false},
              "records": [{"name": "one", "proof": "cardMac", "repeat": "repeatable"}], "close": {"items": []},
              "closeLook": [{"getData": "DF01", "done": "nothing"}]}
          ]
        }
        """;

    private const string Orders =
        """{"orders": [{"orderId": "O", "customerId": "C", "product": "p", "rewrite": {"name": "again"}, "fields": {}}]}""";

    [Test]
    public void EveryPropertyOfAProduct_ThatIsRead_IsInTheSchema_AndTheOtherWayRound() => Compare(
        new SchemaNodes(JsonSchemas.CardProduct), Product, json => CardProductFile.Read(json, "p"));

    [Test]
    public void EveryPropertyOfOrders_ThatIsRead_IsInTheSchema_AndTheOtherWayRound() => Compare(
        new SchemaNodes(JsonSchemas.Orders), Orders, json => OrdersFile.Read(json, "o", Samples.Find));

    [Test]
    public void EveryPropertyInTheSchemas_IsDescribed()
    {
        foreach (var schema in new[] { new SchemaNodes(JsonSchemas.CardProduct), new SchemaNodes(JsonSchemas.Orders) })
            Assert.That(schema.Objects.SelectMany(one => one.Value.Where(p => !schema.IsDescribed(p.Value!)).Select(p => $"{one.Key}: {p.Key}")), Is.Empty);
    }

    private delegate JsonReading Reader(ReadOnlySpan<byte> json);

    private static void Compare(SchemaNodes schema, string text, Reader read)
    {
        var file = JsonNode.Parse(text)!;
        var paths = new Dictionary<string, IReadOnlyList<object>>();
        Spoil(file, [], paths);
        var known = schema.Objects.Keys.ToDictionary(place => place, _ => new HashSet<string>());
        foreach (var mistake in read(Encoding.UTF8.GetBytes(file.ToJsonString())).Mistakes)
        {
            const string Known = "known here: ";
            if (!mistake.Message.Contains(SchemaNodes.Unknown, StringComparison.Ordinal)) continue;
            var names = mistake.Message[(mistake.Message.IndexOf(Known, StringComparison.Ordinal) + Known.Length)..].TrimEnd('.').Split(", ");
            var places = schema.PlacesOf(file, paths[mistake.Path]).ToList();
            Assert.That(places, Is.Not.Empty, $"The schema has no object such as {mistake.Path}.");
            foreach (var place in places) known[place].UnionWith(names);
        }
        foreach (var (place, properties) in schema.Objects)
            Assert.That(properties.Select(p => p.Key), Is.SubsetOf(known[place]), $"{place}; empty: the file of this test has no such object.");
        // Of several that exclude each other the reader knows the names of all.
        foreach (var group in schema.Objects.GroupBy(one => SchemaNodes.GroupOf(one.Key)))
            Assert.That(group.SelectMany(one => known[one.Key]).Distinct(), Is.EquivalentTo(group.SelectMany(one => one.Value.Select(p => p.Key)).Distinct()), group.Key);
    }

    /// <summary>Puts the unknown property into each object, and keeps where.</summary>
    private static void Spoil(JsonNode? node, IReadOnlyList<object> path, Dictionary<string, IReadOnlyList<object>> paths)
    {
        if (node is JsonArray list)
            for (var i = 0; i < list.Count; i++) Spoil(list[i], [.. path, i], paths);
        // An order's fields are its product's to name.
        if (node is not JsonObject one || path is [.., "fields"]) return;
        foreach (var (name, value) in one) Spoil(value, [.. path, name], paths);
        one[SchemaNodes.Unknown] = true;
        paths[$"${string.Concat(path.Select(step => step is int ? $"[{step}]" : $".{step}"))}.{SchemaNodes.Unknown}"] = path;
    }
}
