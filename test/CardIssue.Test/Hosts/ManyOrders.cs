using System.Globalization;

namespace CardIssue.Test.Hosts;

/// <summary>As many orders as one likes, of the samples' EMV products, as a file of orders has them.</summary>
internal static class ManyOrders
{
    public static object Of(int number, string product, bool withCode = true) => new
    {
        orderId = NameOf(number), customerId = $"C-{number}", product, issueCode = withCode ? CodeOf(number) : null,
        fields = FieldsOf(number),
    };

    public static Dictionary<string, string> FieldsOf(int number) => new()
    {
        ["cardNumber"] = PanOf(number), ["name"] = "CARDHOLDER/ALMA", ["expires"] = "2030-12-31", ["effective"] = "2026-01-01",
        ["serviceCode"] = "201", ["sequence"] = "1",
        ["track2"] = $"{PanOf(number)}D30122011758989380",
        ["applicationKeys"] = "10404142434445464748494A4B4C4D4E11505152535455565758595A5B5C5D5E12606162636465666768696A6B6C6D6E",
        ["applicationKeyCheckValues"] = "5C8607418ADD39B1EE",
    };

    public static string NameOf(int order) => string.Create(CultureInfo.InvariantCulture, $"O-{order:D4}");

    public static string CodeOf(int order) => string.Create(CultureInfo.InvariantCulture, $"KESTREL-{4000 + order}");

    /// <summary>A test PAN with its check digit (ISO/IEC 7812-1, annex B).</summary>
    public static string PanOf(int order)
    {
        var digits = string.Create(CultureInfo.InvariantCulture, $"47617390{order:D7}");
        var sum = digits.Reverse().Select((digit, at) => (Value: digit - '0', Twice: at % 2 == 0))
            .Sum(it => it.Twice ? (it.Value * 2 / 10) + (it.Value * 2 % 10) : it.Value);
        return digits + ((10 - (sum % 10)) % 10).ToString(CultureInfo.InvariantCulture);
    }
}
