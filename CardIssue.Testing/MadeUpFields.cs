using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Text;
using CardIssue.Core.Cards.Tlv;
using CardIssue.Core.Primitives;

namespace CardIssue.Testing;

/// <summary>A customer who does not exist, with a field for each that a product asks for.</summary>
public static class MadeUpFields
{
    private const string CardNumber = "4761739001010119", Track2 = CardNumber + "D30122011758989380",
        Keys = "000102030405060708090A0B0C0D0E0F";
    private const ushort KeyGrouping = 0x8000, CheckValueGrouping = 0x9000;
    private const int KeyCount = 3;

    private static readonly BerTag Effective = 0x5F25, ServiceCode = 0x5F30, Name = 0x5F20, ExtendedName = 0x9F0B, Language = 0x5F2D;

    /// <summary>The fields; null where ready-made groupings are asked for, which nobody can make up.</summary>
    public static Dictionary<string, string>? For(CardProduct product)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var item in product.Records.SelectMany(record => record.Items).Concat(product.Close.Items))
        {
            switch (item)
            {
                case ItemDefinition.Prepared: return null;
                case ItemDefinition.Grouping grouping: Add(fields, grouping.Content, null, grouping.Id); break;
                case ItemDefinition.DataObject data: Add(fields, [data.Content], null, 0); break;
                case ItemDefinition.Command command: Add(fields, command.Content, null, 0); break;
                case ItemDefinition.Install install: Add(fields, install.Parameters, null, 0); break;
                // Of a customer there is nothing in them.
                case ItemDefinition.Load or ItemDefinition.Delete or ItemDefinition.Extradite or ItemDefinition.RegistryUpdate: break;
                case ItemDefinition.PutKeys or ItemDefinition.DomainKeys: break;
                default: return null;
            }
        }
        var checks = product.Records.SelectMany(record => record.Checks.Concat(record.Look)).Concat(product.Close.Look)
            .Concat(product.Doing?.Before ?? default);
        foreach (var expectation in checks.SelectMany(check => new[] { check.Done, check.NotDone }))
            if (expectation is Expectation.Exactly exactly) Add(fields, exactly.Content, null, 0);
        return fields;
    }

    private static void Add(Dictionary<string, string> fields, ValueList<TemplateNode> content, BerTag? tag, ushort grouping)
    {
        foreach (var piece in content)
        {
            if (piece is TemplateNode.Tlv tlv) Add(fields, tlv.Content, tlv.Tag, grouping);
            else if (piece is TemplateNode.Field field) fields.TryAdd(field.Name, Value(field.As, tag, grouping));
        }
    }

    private static string Value(FieldEncoding encoding, BerTag? tag, ushort grouping) => encoding switch
    {
        FieldEncoding.Track2 => Track2,
        FieldEncoding.Digits => CardNumber,
        FieldEncoding.Number => tag == ServiceCode ? "201" : "1",
        FieldEncoding.Date => tag == Effective ? "2025-01-01" : "2030-12-31",
        FieldEncoding.Hex => grouping switch
        {
            KeyGrouping => string.Concat(Enumerable.Repeat(Keys, KeyCount)),
            CheckValueGrouping => string.Concat(Enumerable.Repeat(CheckValue(), KeyCount)),
            _ => Keys[..16],
        },
        _ => tag == Name ? "CARDHOLDER/TEST"
            : tag == ExtendedName ? "CARDHOLDER/TEST OF A LONG NAME"
            : tag == Language ? "en"
            : "TEST",
    };

    private static string CheckValue()
    {
        using var key = SecretBytes.Copy(Convert.FromHexString(Keys));
        return KeyCheckValue.OfDes(key).ToString();
    }
}
