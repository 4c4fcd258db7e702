using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;

namespace CardIssue.Core.Cards.Products;

/// <summary>
/// Own keys for the transport keys, or for those of before: what PUT KEY can do, and what can still be told from the card after a cut.
/// </summary>
internal static partial class ProductRules
{
    /// <summary>
    /// Why the keys that a rewrite puts, if it does, can't come to a card with the keys that this one has, or the rewrite can't open it at
    /// all; null for nothing.
    /// </summary>
    /// <param name="rewrite">The rewrite, made for the keys on the card (<see cref="CardProduct.Rewrite"/>).</param>
    /// <param name="had">All keys that the card ever had.</param>
    public static string? KeysFault(CardProduct rewrite, IReadOnlyCollection<HeldKeySet> had)
    {
        ArgumentNullException.ThrowIfNull(rewrite);
        var again = rewrite.DomainsGivenKeys.FirstOrDefault(domain =>
            had.Any(keys => keys.KeySet == domain.KeySet && keys.KeyVersion == domain.KeyVersion));
        if (again is not null) return $"security domain {again.Name} has, or had, keys {again.Keys}: they are put once";
        var faults = ChannelFaults(rewrite).Select(fault => fault.Message);
        if (rewrite.OwnKeys is not { } own) return faults.FirstOrDefault();
        // The counters of its channels begin anew with the keys, and so would what they make be the same again.
        if (had.Any(keys => keys.KeySet == own.KeySet && keys.KeyVersion == own.KeyVersion))
            return $"the card has, or had, keys {own.Set}: they are put once";
        return faults.Concat(OwnKeysFaults(rewrite, own)).Concat(ChannelFaults(rewrite, own)).FirstOrDefault();
    }

    private static void CheckOwnKeys(CardProduct product, List<ProductFault> faults)
    {
        void Fault(int record, string property, string message) => faults.Add(new ProductFault(property, record, message));
        var puts = product.Records.Count(record => record.PutsKeys);
        var at = product.OwnKeysRecord;
        if (product.OwnKeys is null && puts > 0) Fault(at, "items", "putKeys puts the keys that ownKeys names, and there are none");
        if (product.OwnKeys is { } own)
        {
            if (puts != 1) Fault(0, "ownKeys", "exactly one record puts the own keys: its one item is putKeys");
            foreach (var message in OwnKeysFaults(product, own).Concat(ChannelFaults(product, own))) Fault(0, "ownKeys", message);
        }
        if (product.Close.Items.Any(item => item is ItemDefinition.PutKeys))
            Fault(0, "close", "own keys are put by a record, before the closing");
        for (var number = 1; number <= product.Records.Count; number++)
        {
            var record = product.Records[number - 1];
            if (record.PutsKeys) CheckPutKeys(product, record, (property, message) => Fault(number, property, message));
            else if (record.Proof is ProofKind.Cryptogram)
                Fault(number, "proof", "a cryptogram shows that keys were put, and nothing else");
            if (at > 0 && number > at) CheckAfterKeys(record, at, (property, message) => Fault(number, property, message));
        }
        if (puts > 0 && product.Close.Items.Any(item => item.Secret)) Fault(0, "close", SecretAfterKeys);
    }

    private const string SecretAfterKeys =
        "secret data after the own keys: nothing says under which DEK a channel that is open goes on, the old or the new one; "
        + "write it before them";

    private static void CheckPutKeys(CardProduct product, RecordDefinition record, Action<string, string> fault)
    {
        if (record.Items.Count > 1 || record.Status is not null)
            fault("items", "a record that puts keys does nothing else: what is read after a cut could not tell one from the other");
        if (record.Repeat is not RepeatRule.LookFirst)
            fault("repeat", "own keys are put once: lookFirst, where the look is the card's own, which keys it was opened with");
        if (record.Look.Count > 0) fault("look", "what shows whether the own keys are there is the opening of the card; leave look out");
        if (record.Checks.Count > 0) fault("checks", "own keys are not read back; leave checks out");
        if (record.Proof is not (ProofKind.CardMac or ProofKind.Cryptogram))
            fault("proof", product.SecurityLevel.HasRMac()
                ? "own keys are proved by cardMac, or by cryptogram: the card is opened anew"
                : "at this security level nothing shows that the card took its own keys but opening it anew with them: cryptogram");
    }

    private static void CheckAfterKeys(RecordDefinition record, int keys, Action<string, string> fault)
    {
        if (record.Items.Any(item => item.Secret)) fault("items", SecretAfterKeys);
        if (record.Repeat is RepeatRule.StartOver && record.RestartAt <= keys)
            fault("repeat", "to start over from there would put the own keys again: start over after them, or put them last");
    }

    private static IEnumerable<string> OwnKeysFaults(CardProduct product, OwnKeys own)
    {
        var isAdd = own.Put is OwnKeysPut.Add;
        if (!NameRule.Accepts(own.KeySet)) yield return $"a key set's name is 1 to {NameRule.MaxLength} of A-Z a-z 0-9 . _ -";
        if (own.KeyVersion is 0 or > PutKey.LastVersion) yield return "PUT KEY gives keys a version from 01 to 7F";
        if (own.KeySet == product.KeySet && own.KeyVersion == product.KeyVersion)
            yield return product.Doing is null ? "these are the transport keys; a card's own are others"
                : "these are the keys that the card has already; what is put in exchange are others";
        if (isAdd && (own.KeyVersion == product.TransportVersion || product.KeysBeside.Any(keys => keys.KeyVersion == own.KeyVersion)))
            yield return "the card has keys of this version, and none can be added to it: another version, or put replace";
        if (!isAdd && product.TransportVersion is 0 or > PutKey.LastVersion)
            yield return $"no PUT KEY can name version {product.TransportVersion:X2} to replace: put add; "
                + "a factory's keys go by themselves";
        if (!isAdd && product.KeysBeside.Count > 0)
            yield return $"the card has other keys ({string.Join(", ", product.KeysBeside)}) beside those that these are to replace, and "
                + "with which it answers after a cut nobody says: put add";
        if (own.OneByOne && !isAdd)
            yield return "keys replaced one by one leave, after a cut, a set of old and new ones that nothing tells apart: "
                + "at once, or put add";
        if (product.Quirks.AskedKeyVersion is not null)
            yield return "a card that gets own keys is asked for whichever it has, or by version: leave asksForKeyVersion out";
    }

    /// <summary>
    /// What the keys must be so that cards can be opened with them, told from each other, and not be given another card's.
    /// </summary>
    private static IEnumerable<string> ChannelFaults(CardProduct product, OwnKeys own)
    {
        var isDes = own.Diversification is KeyDiversification.EmvCps or KeyDiversification.Visa2;
        var isShared = own.Diversification is KeyDiversification.None;
        if (product.Protocol is null) yield return "keys have another form in each protocol: where a card gets its own, scp is 02 or 03";
        var isAes = own.Diversification is KeyDiversification.Kdf3;
        if (isDes && product.Protocol is ScpProtocol.Scp03 || isAes && product.Protocol is ScpProtocol.Scp02)
            yield return "own keys are for the same protocol as the transport keys: SCP02 has emvCps, visa2 or none, SCP03 kdf3 or none";
        if (product is { ProtocolOptions: not null, Protocol: ScpProtocol.Scp02 } && !product.Channel.HasThreeKeys)
            yield return "a card of this i has one key for all; own keys are three (bit 1 of i)";
        if (isShared && own.Put is OwnKeysPut.Add)
            yield return "own keys that all cards share, beside the transport keys: another card could show them in this one's place. "
                + "Diversify them, or put replace";
        var isProved = product.IdentitySources.Contains(new IdentitySource.ProvedDiversificationData());
        if (isShared && (isProved || product.IdentitySources.Contains(new IdentitySource.DiversificationData())))
            yield return "own keys that all cards share do not prove the diversification data that the identity is: name another identity";
        if (isProved && isDes && own.Diversification != product.Diversification)
            yield return "own keys that come from other bytes of the diversification data than the transport keys do not prove those that the "
                + "identity is: diversify both in one way, or name another identity";
        if (!isShared && product.Diversification is KeyDiversification.None && !product.SecurityLevel.HasRMac())
            yield return "transport keys that all cards share do not prove whose diversification data it is that own keys are made of: "
                + "security level 11, 13 or 33, where it is read again";
    }
}
