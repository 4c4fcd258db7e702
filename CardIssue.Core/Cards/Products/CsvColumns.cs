using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products;

/// <summary>Which column of an issuer's CSV files (RFC 4180, with a line of names first) holds what of an order of this product.</summary>
public sealed record CsvColumns
{
    /// <summary>What parts two cells: a comma unless set, a semicolon, a bar or a tab.</summary>
    public char Separator { get; init; } = ',';

    /// <summary>The column of the order's number.</summary>
    public required string Order { get; init; }

    /// <summary>The column of the customer's id.</summary>
    public required string Customer { get; init; }

    /// <summary>The column of the one-time issue code; null where the center makes the codes. In an empty cell there is none.</summary>
    public string? IssueCode { get; init; }

    /// <summary>The column of the branch that the order is to be issued at; null where orders name none. An empty cell is any branch.</summary>
    public string? Branch { get; init; }

    /// <summary>The columns of the customer's fields.</summary>
    public required ValueList<CsvField> Fields { get; init; }

    /// <summary>Columns that are there and not read.</summary>
    public ValueList<string> Ignored { get; init; }
}

/// <summary>A field and its column.</summary>
/// <param name="Name">The field's name, by <see cref="NameRule"/>.</param>
/// <param name="Column">The column's name.</param>
public sealed record CsvField(string Name, string Column);
