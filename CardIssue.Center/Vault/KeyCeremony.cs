using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Vault;

/// <summary>A card master key in the vault. Owns the key.</summary>
internal sealed class CardMasterKey(CardMasterKeyInfo info, SecretBytes key) : IDisposable
{
    public CardMasterKeyInfo Info => info;

    public SecretBytes Key => key;

    public void Write(SecretWriter to)
    {
        to.Text(info.KeySet);
        to.Number(info.KeyVersion);
        to.Number((int)info.Algorithm);
        to.Bytes(info.CheckValue.Span);
        to.Number(info.Custodians.Count);
        foreach (var custodian in info.Custodians) to.Text(custodian.Value);
        to.Bytes(key.Span);
    }

    public static CardMasterKey Read(ref SecretReader from)
    {
        var (keySet, version, algorithm) = (from.Text(), (byte)from.Number(), (CardKeyAlgorithm)from.Number());
        var checkValue = ByteString.Copy(from.Bytes());
        var custodians = new CustodianId[from.Count(IKeyCeremony.MaxComponents)];
        for (var i = 0; i < custodians.Length; i++) custodians[i] = new CustodianId(from.Text());
        return new CardMasterKey(new CardMasterKeyInfo(keySet, version, algorithm, checkValue, ValueList.Create<CustodianId>(custodians)), SecretBytes.Copy(from.Bytes()));
    }

    public void Dispose() => key.Dispose();
}

/// <summary>A key that is being put together from components. Owns the components.</summary>
internal sealed class KeyCeremony(string keySet, byte keyVersion, CardKeyAlgorithm algorithm, int components) : IDisposable
{
    private readonly List<(EnteredComponent By, SecretBytes Bytes)> _entered = [];

    public KeyCeremonyInfo Info => new(keySet, keyVersion, algorithm, components, [.. _entered.Select(entry => entry.By)]);

    public bool Is(string name, byte version) => keySet == name && keyVersion == version;

    /// <summary>Takes a component, or says why not.</summary>
    public CeremonyRefusal Enter(int number, CustodianId custodian, SecretBytes component, ByteString checkValue)
    {
        if (number < 1 || number > components || _entered.Any(entry => entry.By.Number == number)) return CeremonyRefusal.ComponentTaken;
        if (_entered.Any(entry => entry.By.Custodian == custodian)) return CeremonyRefusal.SameCustodian;
        if (component.Length != LengthOf(algorithm)) return CeremonyRefusal.WrongLength;
        if (CheckValueOf(component) is not { } own) return CeremonyRefusal.Weak;
        if (own != checkValue) return CeremonyRefusal.WrongCheckValue;
        // Equal components cancel each other out, and zeros leave the rest to the others alone.
        if (!component.Span.ContainsAnyExcept((byte)0) || _entered.Any(entry => entry.Bytes.FixedTimeEquals(component.Span))) return CeremonyRefusal.Weak;
        _entered.Add((new EnteredComponent(number, custodian), SecretBytes.Copy(component.Span)));
        return CeremonyRefusal.None;
    }

    /// <summary>Takes the component entered last back, when it could not be saved.</summary>
    public void TakeBack()
    {
        _entered[^1].Bytes.Dispose();
        _entered.RemoveAt(_entered.Count - 1);
    }

    /// <summary>Makes the key, or says why not.</summary>
    public CeremonyRefusal TryComplete(ByteString checkValue, out CardMasterKey? key)
    {
        key = null;
        if (_entered.Count < components) return CeremonyRefusal.Incomplete;
        var combined = SecretBytes.Create(LengthOf(algorithm), _entered, static (output, entered) =>
        {
            foreach (var (_, bytes) in entered)
                for (var i = 0; i < output.Length; i++) output[i] ^= bytes.Span[i];
        });
        var own = CheckValueOf(combined);
        if (own != checkValue)
        {
            combined.Dispose();
            return own is null ? CeremonyRefusal.Weak : CeremonyRefusal.WrongCheckValue;
        }
        ValueList<CustodianId> custodians = [.. _entered.OrderBy(entry => entry.By.Number).Select(entry => entry.By.Custodian)];
        key = new CardMasterKey(new CardMasterKeyInfo(keySet, keyVersion, algorithm, checkValue, custodians), combined);
        return CeremonyRefusal.None;
    }

    public void Write(SecretWriter to)
    {
        to.Text(keySet);
        to.Number(keyVersion);
        to.Number((int)algorithm);
        to.Number(components);
        to.Number(_entered.Count);
        foreach (var (by, bytes) in _entered)
        {
            to.Number(by.Number);
            to.Text(by.Custodian.Value);
            to.Bytes(bytes.Span);
        }
    }

    public static KeyCeremony Read(ref SecretReader from)
    {
        var ceremony = new KeyCeremony(from.Text(), (byte)from.Number(), (CardKeyAlgorithm)from.Number(), from.Number());
        for (var left = from.Count(IKeyCeremony.MaxComponents); left > 0; left--)
            ceremony._entered.Add((new EnteredComponent(from.Number(), new CustodianId(from.Text())), SecretBytes.Copy(from.Bytes())));
        return ceremony;
    }

    public void Dispose()
    {
        foreach (var (_, bytes) in _entered) bytes.Dispose();
    }

    private static int LengthOf(CardKeyAlgorithm algorithm) => algorithm switch
    {
        CardKeyAlgorithm.Aes128 or CardKeyAlgorithm.TripleDes => 16,
        CardKeyAlgorithm.Aes192 => 24,
        CardKeyAlgorithm.Aes256 => 32,
    };

    /// <summary>Null for a weak key, which has none.</summary>
    private ByteString? CheckValueOf(SecretBytes key)
    {
        if (algorithm != CardKeyAlgorithm.TripleDes) return KeyCheckValue.OfAes(key);
        const byte withoutParity = 0xFE;
        var sameHalves = true;
        for (var i = 0; i < 8; i++) sameHalves &= ((key.Span[i] ^ key.Span[i + 8]) & withoutParity) == 0;
        return sameHalves ? null : KeyCheckValue.OfDes(key);
    }
}
