using System.Globalization;
using System.Text;
using CardIssue.Core.Cards.Products.Text;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products;

/// <summary>A customer's field as bytes.</summary>
internal static class FieldText
{
    /// <summary>The longest field, in characters.</summary>
    public const int MaxLength = 131_072;

    /// <summary>Encodes; null with the reason when the text does not fit, which never quotes the text.</summary>
    public static ByteString? Encode(string text, FieldEncoding encoding, out string? error)
    {
        error = text.Length > MaxLength ? $"is longer than {MaxLength} characters" : null;
        if (error is not null) return null;
        if (CharacterSet.Find(encoding) is { } set) return set.Encode(text, out error);
        return encoding switch
        {
            FieldEncoding.Ascii => Ascii(text, out error),
            FieldEncoding.Hex => Hex(text, out error),
            FieldEncoding.Digits => Packed(text, 'F', out error),
            FieldEncoding.Number => Packed(text.Length % 2 == 0 ? text : "0" + text, 'F', out error),
            FieldEncoding.Date => Date(text, out error),
            FieldEncoding.Track2 => Track2(text, out error),
            _ => throw new InvalidOperationException($"No one encodes {encoding}."),
        };
    }

    private static ByteString? Ascii(string text, out string? error)
    {
        error = text.All(c => c is >= ' ' and <= '~') ? null : "has characters that are not printable ASCII";
        return error is null ? ByteString.Own(Encoding.ASCII.GetBytes(text)) : null;
    }

    private static ByteString? Hex(string text, out string? error)
    {
        error = text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit) ? null : "is not an even number of hexadecimal digits";
        return error is null ? ByteString.Own(Convert.FromHexString(text)) : null;
    }

    private static ByteString? Packed(string text, char pad, out string? error)
    {
        error = text.Length > 0 && text.All(char.IsAsciiDigit) ? null : "is not decimal digits";
        return error is null ? ByteString.Own(Convert.FromHexString(text.Length % 2 == 0 ? text : text + pad)) : null;
    }

    private static ByteString? Date(string text, out string? error)
    {
        var isDate = DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date);
        error = isDate ? null : "is not a date as YYYY-MM-DD";
        return isDate ? ByteString.FromHex(date.ToString("yyMMdd", CultureInfo.InvariantCulture)) : null;
    }

    /// <summary>EMV Book 3 annex A, tag 57: PAN, D, expiry YYMM, service code, discretionary data; at most 19 bytes.</summary>
    private static ByteString? Track2(string text, out string? error)
    {
        var at = text.IndexOf('D', StringComparison.Ordinal);
        var fits = at is >= 8 and <= 19 && text.Length - at >= 8 && text.Length <= 37 && text.Where((_, i) => i != at).All(char.IsAsciiDigit);
        error = fits ? null : "is not a PAN, D, expiry YYMM, service code and discretionary digits";
        return fits ? ByteString.Own(Convert.FromHexString(text.Length % 2 == 0 ? text : text + 'F')) : null;
    }
}
