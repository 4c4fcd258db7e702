using System.Collections.Concurrent;
using CardIssue.Core.Cards.Products.Json;

namespace CardIssue.Center.Products;

/// <summary>Products as they were read: to read one anew for each card costs more than to write some cards. Nothing is taken from here but for the very same text.</summary>
internal sealed class ReadProducts
{
    /// <summary>More than a center issues of at once; with more of them all are read anew.</summary>
    private const int Most = 256;

    private readonly ConcurrentDictionary<ProductRef, (ProductRecord Record, CardProductReading Reading)> _read = new();

    /// <summary>What a product's text says.</summary>
    public CardProductReading Of(ProductRecord record)
    {
        if (_read.TryGetValue(record.Ref, out var known) && known.Record == record) return known.Reading;
        var reading = CardProductFile.Read(record.Body.Span, record.Ref.ToString());
        if (_read.Count >= Most) _read.Clear();
        _read[record.Ref] = (record, reading);
        return reading;
    }
}
