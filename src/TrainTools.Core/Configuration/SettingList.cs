using System.Collections;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace TrainTools.Core.Configuration;

/// <summary>An immutable list of names or paths that compares by content, so that configs compare by value.</summary>
[CollectionBuilder(typeof(SettingList), nameof(Create))]
public sealed class SettingList : IReadOnlyList<string>, IEquatable<SettingList>
{
    private readonly ImmutableArray<string> items;

    private SettingList(ImmutableArray<string> items) => this.items = items;

    /// <summary>The list without entries.</summary>
    public static SettingList Empty { get; } = new([]);

    /// <inheritdoc/>
    public int Count => items.Length;

    /// <inheritdoc/>
    public string this[int index] => items[index];

    /// <summary>A list of these entries.</summary>
    public static SettingList Create(ReadOnlySpan<string> items) => items.IsEmpty ? Empty : new([.. items]);

    /// <summary>A list of these entries.</summary>
    public static SettingList From(IEnumerable<string> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        return items as SettingList ?? Create(items.ToArray());
    }

    /// <summary>A list of these entries.</summary>
    public static implicit operator SettingList(string[] items) => From(items);

    /// <summary>A list of these entries.</summary>
    public static implicit operator SettingList(List<string> items) => From(items);

    /// <inheritdoc/>
    public bool Equals(SettingList? other) => other is not null && items.AsSpan().SequenceEqual(other.items.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SettingList);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var item in items)
        {
            hash.Add(item, StringComparer.Ordinal);
        }

        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public IEnumerator<string> GetEnumerator() => ((IEnumerable<string>)items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The entries with commas between them.</summary>
    public override string ToString() => string.Join(", ", items);
}
