using CardIssue.Core.Cards.Products.Emv;
using CardIssue.Core.Cards.Tlv;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products.Json;

/// <summary>Checks an order's fields by filling in its product's templates, and puts what is wrong at the field that it is about.</summary>
internal sealed class FieldCheck(CardProduct product, CardPrograms programs, LocatedNode node, JsonMistakes mistakes)
{
    /// <summary>Checks the fields.</summary>
    /// <returns>The account that the card would be of; null when it is of none.</returns>
    public CardAccount? Check(IReadOnlyDictionary<string, string> fields)
    {
        var made = CardPlan.Create(product, fields, programs, out var faults);
        foreach (var error in made.Errors) mistakes.Add(PlaceOf(error.Field), Sentence(error));
        foreach (var fault in faults) mistakes.Add(PlaceOf(FieldOf(fault)), fault.Message);
        return made.Account;
    }

    private IEnumerable<ItemDefinition> Items => product.Records.SelectMany(record => record.Items).Concat(product.Close.Items);

    /// <summary>The field that a data object comes from, when it comes from one; of a ready-made grouping, the field that holds it; else none.</summary>
    private string FieldOf(EmvFault fault)
    {
        foreach (var item in Items)
            if (item is ItemDefinition.Grouping grouping && grouping.Id == fault.Grouping)
                return fault.Tag is { } tag ? FieldOf(tag, grouping.Content) ?? "" : "";
        var prepared = Items.OfType<ItemDefinition.Prepared>().ToList();
        return prepared.Count == 1 ? prepared[0].Field : "";
    }

    private static string? FieldOf(BerTag tag, ValueList<TemplateNode> content)
    {
        foreach (var piece in content)
        {
            if (piece is not TemplateNode.Tlv tlv) continue;
            var found = tlv.Tag == tag && tlv.Content is [TemplateNode.Field field] ? field.Name : FieldOf(tag, tlv.Content);
            if (found is not null) return found;
        }
        return null;
    }

    private JsonPlace PlaceOf(string field) => node.Find(field)?.Place ?? node.Place;

    private string Sentence(PlanError error)
    {
        var text = error.Field.Length == 0 ? $"{char.ToUpperInvariant(error.Message[0])}{error.Message[1..]}" : $"The field {JsonMistakes.Shown(error.Field)} {error.Message}";
        return error.Record > 0 && error.Record <= product.Records.Count ? $"{text} (record \"{product.Records[error.Record - 1].Name}\")." : $"{text}.";
    }
}
