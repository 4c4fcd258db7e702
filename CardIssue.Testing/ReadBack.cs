using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Tlv;
using CardIssue.Core.Primitives;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing;

/// <summary>One thing that was to be on the card.</summary>
/// <param name="What">Its name: a data grouping, a data object of the security domain, a load file, or a set of keys.</param>
/// <param name="Length">How many bytes the card has of it; null where it has not got it.</param>
/// <param name="AsSent">Whether they are those that were sent.</param>
public sealed record ReadItem(string What, int? Length, bool AsSent);

/// <summary>What a virtual card holds after an issue, against what the plan wrote.</summary>
/// <param name="Application">The application that was personalised; null where the data was the security domain's own.</param>
/// <param name="LifeCycle">Its state, or the card's.</param>
/// <param name="Items">All that was written by STORE DATA, in its order; then what was loaded, and the card's own keys.</param>
public sealed record ReadBack(string? Application, string LifeCycle, IReadOnlyList<ReadItem> Items)
{
    private const byte FormatBits = 0x18, BerFormat = 0x10;

    /// <summary>Whether all of it is what was sent.</summary>
    public bool IsAsSent => Items.All(item => item.AsSent);

    /// <param name="plan">What was written.</param>
    /// <param name="product">The product that the card was issued by; of an issue the plan's own.</param>
    /// <param name="programs">The programs that it names.</param>
    /// <param name="card">The card.</param>
    internal static ReadBack Of(CardPlan plan, CardProduct product, CardPrograms programs, CardSimulator card)
    {
        var held = card.Inspect();
        var target = (plan.Product.Application ?? plan.Product.Selected).ToString();
        var application = held.Applications.FirstOrDefault(one => one.Aid.ToString() == target);
        var items = new List<ReadItem>();
        foreach (var (isObject, id, value) in Written(plan))
        {
            var found = isObject ? held.Data.TryGetValue(id, out var data) ? data : (ByteString?)null : Grouping(application, (ushort)id);
            // The card keeps what fills no whole blocks with its padding.
            var asSent = found is { } bytes && bytes.Span.StartsWith(value.Span);
            items.Add(new ReadItem(isObject ? $"tag {id:X}" : $"DGI {id:X4}", found?.Length, asSent));
        }
        items.AddRange(Loaded(plan.Product, programs, held));
        if (plan.Product.OwnKeys is { } own) items.AddRange(Keys(plan.Product, product, own, card));
        items.AddRange(plan.Product.DomainsGivenKeys.Select(domain => KeysOf(product, domain, card)));
        return new ReadBack(application is null ? null : target, application?.LifeCycle.ToString("X2") ?? held.LifeCycle.ToString(), items);
    }

    /// <summary>The load files. What is deleted and not loaded anew, no card here ever had.</summary>
    private static IEnumerable<ReadItem> Loaded(CardProduct product, CardPrograms programs, CardInspection held)
    {
        foreach (var load in product.Records.SelectMany(record => record.Items).OfType<ItemDefinition.Load>())
        {
            var cap = programs.Find(product.Program(load.Program)!.Sha256)!;
            var found = held.LoadFiles.FirstOrDefault(file => file.Aid == cap.Package.Value);
            var isIt = found is not null && found.Length == cap.Block.Length
                && found.Version.Span.SequenceEqual([cap.Version.Major, cap.Version.Minor]);
            yield return new ReadItem($"load file {cap.Package} {cap.Version}", found?.Length, isIt);
        }
    }

    /// <summary>The own keys, byte for byte; and the transport keys, which are gone where others came in their place.</summary>
    private static IEnumerable<ReadItem> Keys(CardProduct written, CardProduct product, OwnKeys own, CardSimulator card)
    {
        yield return Set($"own keys {own.KeyVersion:X2}", TestCard.KeySetOf(product, own.Set, card.State.Kdd), card.State.KeysOf(default));
        var transport = TestCard.TransportVersion(written);
        if (own.Put is not OwnKeysPut.Replace || transport == own.KeyVersion) yield break;
        var left = card.State.Keys.Count(key => key.Key.Version == transport);
        var which = written.Doing is null ? "transport keys" : "keys of before,";
        if (left > 0) yield return new ReadItem($"{which} {transport:X2}, which were to go", left, false);
    }

    private static ReadItem KeysOf(CardProduct product, ProductDomain domain, CardSimulator card) => Set(
        $"keys {domain.KeyVersion:X2} of {domain.Name}", TestCard.KeySetOf(product, domain.Keys, card.State.Kdd),
        card.State.Find(domain.Aid.Value)?.Keys ?? DomainKeys.None);

    private static ReadItem Set(string what, CardKeySet due, DomainKeys held)
    {
        var keys = held.Keys.Where(key => key.Key.Version == due.Version).Select(key => key.Value).ToList();
        CardKey[] wanted = [due.Enc, due.Mac, due.Dek];
        var areThey = keys.Count == wanted.Length && keys.Zip(wanted).All(pair => pair.First.Span.SequenceEqual(pair.Second.Span));
        return new ReadItem(what, keys.Count == 0 ? null : keys.Sum(key => key.Length), areThey);
    }

    private static ByteString? Grouping(ApplicationInspection? application, ushort id)
    {
        if (application is null) return null;
        if (application.Dgis.TryGetValue(id, out var value)) return value;
        foreach (var (record, data) in application.Records)
            if (record.Sfi << 8 == (id & 0xFF00) && record.Number == (byte)id) return data;
        return null;
    }

    /// <summary>What STORE DATA carries of all records and the closing, the last of each.</summary>
    private static List<(bool IsObject, int Id, ByteString Value)> Written(CardPlan plan)
    {
        var (blocks, clear, written) = (0, new InTheClear(), new List<(bool, int, ByteString)>());
        for (var number = 1; number <= plan.ClosingNumber; number++)
        {
            var commands = number == plan.ClosingNumber ? plan.Close(clear, blocks) : plan.Record(number, clear, blocks);
            var stored = commands.Select(c => c.Apdu).Where(c => c.Ins == Instructions.StoreData).ToList();
            blocks = CardPlan.NextBlock(commands, blocks);
            // Keys of a security domain are looked at in the domain.
            if (number < plan.ClosingNumber && plan.Product.Records[number - 1].Items.Any(item => item is ItemDefinition.DomainKeys)) continue;
            var data = ByteString.Concat([.. stored.Select(c => c.Data)]);
            if (stored.Count > 0 && (stored[0].P1 & FormatBits) == BerFormat)
            {
                if (!BerTlv.TryParse(data.Span, out var objects, out _)) continue;
                written.AddRange(objects.Select(one => (true, (int)one.Tag.Value, one.Value)));
            }
            else if (Dgi.TryParse(data.Span, out var groupings, out _))
            {
                written.AddRange(groupings.Select(one => (false, (int)one.Id, one.Data)));
            }
        }
        return [.. written.AsEnumerable().Reverse().DistinctBy(one => (one.Item1, one.Item2)).Reverse()];
    }

    /// <summary>Secret data as the card has it, decrypted.</summary>
    private sealed class InTheClear : IDataEncryption
    {
        public ByteString Encrypt(ReadOnlySpan<byte> plain) => ByteString.Copy(plain);

        /// <summary>Only to have the commands: the keys are looked at in the card.</summary>
        public ValueList<EncryptedKey> Keys(HeldKeySet set) =>
            [.. Enumerable.Repeat(new EncryptedKey(PutKey.Aes, 0, default, default), PutKey.LastKey)];
    }
}
