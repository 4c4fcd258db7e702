namespace CardIssue.Core.Cards.Products.Json;

/// <summary>The JSON Schemas (draft 2020-12) of the files that a center reads, for editors. The readers themselves do not need them.</summary>
internal static class JsonSchemas
{
    /// <summary>The longest <c>$schema</c> that a file may name, in characters.</summary>
    public const int MaxAddress = 2_048;

    /// <summary>The schema of card products, <c>card-product.schema.json</c>.</summary>
    public static string CardProduct => Resource("card-product.schema.json");

    /// <summary>The schema of orders, <c>orders.schema.json</c>.</summary>
    public static string Orders => Resource("orders.schema.json");

    private static string Resource(string name)
    {
        using var stream = typeof(JsonSchemas).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The assembly was built without {name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
